import type { Plan } from "../plan";
import type { Job } from "../plan/job";

const known = new WeakMap<Plan, ReadonlyMap<Job, ReadonlySet<Job>>>();

/** Of each job whose copies others read, who they are. */
export function readersOf(plan: Plan): ReadonlyMap<Job, ReadonlySet<Job>> {
  const asked = known.get(plan);
  if (asked) return asked;
  const readers = new Map<Job, Set<Job>>();
  // Of a thousand copies that came the same way, one says it.
  for (const { job: reader, from } of new Set(plan.copies.map(({ way }) => way)))
    if (from && from.job !== reader) readers.set(from.job, (readers.get(from.job) ?? new Set()).add(reader));
  known.set(plan, readers);
  return readers;
}
