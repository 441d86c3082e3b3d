import type { Plan } from "../plan";
import type { Job } from "../plan/job";
import { yearsOf } from "../plan/graph/loss";

/** The longest time for which a generation waits for a copier, and the two starts, as epoch ms. */
export interface Wait {
  readonly ms: number;
  readonly madeMs: number;
  readonly readMs: number;
}

/** The oldest that the newest complete generation of one job is when another one starts to read it. */
export function longestWait(source: Job, copier: Job, plan: Plan): Wait | undefined {
  const timeline = yearsOf(plan);
  const [made, read] = [timeline.runsOf(source), timeline.runsOf(copier)];
  let worst: Wait | undefined;
  let newest = -1;
  for (const readMs of read.startMs) {
    while ((made.endMs[newest + 1] ?? Infinity) <= readMs) newest++;
    const madeMs = made.startMs[newest];
    if (madeMs === undefined || readMs < timeline.horizon.fromMs) continue;
    if (!worst || readMs - madeMs > worst.ms) worst = { ms: readMs - madeMs, madeMs, readMs };
  }
  return worst;
}
