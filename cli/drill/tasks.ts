import type { Plan } from "../../plan";
import { type Drills, isHosted, type Job } from "../../plan/job";
import { BadInput } from "../bad-input";
import { nameIn } from "../find/ask";
import { soughtBy } from "../find/sought";

/** A job that restores copies for proof. */
export interface Driller {
  readonly job: Job;
  readonly drills: Drills;
}

/** What one host's program is asked to drill. */
export interface Task {
  readonly host: string;
  /** Its program, and what people call it. */
  readonly program: string;
  readonly called: string;
  /** "TIER", or "TIER:NAME" as its program knows it. */
  readonly only: readonly string[];
}

export interface Wish {
  /** A service, dataset or claim; all that there is unless given. */
  readonly what?: string | undefined;
  readonly tier?: string | undefined;
  readonly host?: string | undefined;
}

/** Jobs that restore for proof, on all hosts or one. */
export function drillersOf({ jobs }: Plan, host?: string): Driller[] {
  return jobs.flatMap(job =>
    isHosted(job) && job.drills && (host === undefined || job.host === host)
      ? [{ job, drills: job.drills }]
      : [],
  );
}

/** What each host is asked for. @throws {BadInput} for what nobody drills, with what is drilled */
export function tasksOf(plan: Plan, wish: Wish): Task[] {
  const { what, tier, host } = wish;
  const { hosts } = plan.estate;
  if (host !== undefined && hosts[host] === undefined)
    throw new BadInput(`--host: "${host}" is no host, expected one of ${Object.keys(hosts).join(", ")}.`);
  const drillers = drillersOf(plan, host);
  const tiers = [...new Set(drillers.flatMap(({ drills }) => drills.tiers.map(each => each.tier)))];
  if (tiers.length === 0)
    throw new BadInput(
      `No job of ${host ?? "this estate"} restores copies for proof. Next: docs/drill.md says what the estate takes`,
    );
  if (tier !== undefined && !tiers.includes(tier))
    throw new BadInput(
      `--tier: "${tier}" is no kind of copies that is drilled, expected ${tiers.join(" or ")}.`,
    );
  const isMeant = (each: { readonly tier: string }): boolean => tier === undefined || each.tier === tier;
  const names = what === undefined ? undefined : namesOf(plan, what);
  const tasks = drillers.flatMap(({ job, drills }): Task[] => {
    const only = drills.tiers
      .filter(isMeant)
      .flatMap(({ tier, job: of }) =>
        names ? (names.get(`${job.host}/${of}`) ?? []).map(name => `${tier}:${name}`) : [tier],
      );
    return only.length > 0 ? [{ host: job.host, program: job.name, called: job.called, only }] : [];
  });
  if (tasks.length === 0)
    throw new BadInput(
      `Nothing of "${what}" is drilled${tier === undefined ? "" : ` in the tier ${tier}`}: ${drillers.map(({ job, drills }) => `${job.called} drills ${drills.tiers.map(each => `${each.tier} of ${each.job}`).join(" and ")}`).join("; ")}. The claims of volumes that the estate only counts are drilled with --all.`,
    );
  return tasks;
}

/** What the programs of hosts call the copies of something, by "HOST/JOB". */
function namesOf(plan: Plan, what: string): ReadonlyMap<string, readonly string[]> {
  const sought = soughtBy(plan, what, undefined);
  const part = sought.find(({ below }) => below !== undefined);
  if (part)
    throw new BadInput(
      `"${what}" is a path in ${part.dataset.id}, and a drill brings back all of it. Next: holdfast drill ${part.dataset.id}; for the path alone: holdfast restore, --dry-run`,
    );
  const ids = new Set(sought.map(({ dataset }) => dataset.id));
  const found = new Map<string, string[]>();
  for (const copy of plan.copies) {
    const name = ids.has(copy.dataset.id) ? nameIn(copy) : undefined;
    if (name === undefined) continue;
    const key = `${copy.job.host}/${copy.job.name}`;
    found.set(key, [...new Set([...(found.get(key) ?? []), name])]);
  }
  return found;
}
