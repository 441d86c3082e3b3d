import type { PlannedRun } from "./runs";

const hourMs = 3_600_000;

/** Jobs of which most runs are followed by the next one within an hour: in a view of a night they would hide the others. */
export function oftenOf(runs: readonly PlannedRun[]): ReadonlySet<string> {
  const balance = new Map<string, number>();
  for (const { job, startMs, budgetEndMs, ownSlackMs = Infinity } of runs) {
    const isSoon = budgetEndMs + ownSlackMs - startMs <= hourMs;
    balance.set(job, (balance.get(job) ?? 0) + (isSoon ? 1 : -1));
  }
  return new Set([...balance].flatMap(([job, more]) => (more > 0 ? [job] : [])));
}
