import { shortestGap } from "../plan/calendar";
import type { Copy } from "../plan/graph/copies";
import type { Job } from "../plan/job";
import type { Retention, Tier } from "../plan/retention";

const gapsMs = new WeakMap<Job, number>();
const everyMs = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 28 * 86_400_000 };

/**
 * How far back a copy reaches at its worst moment, just after a run: 0 where it holds the latest state alone. A tree's
 * copier carries the generations that lie at its source, so a mirror of dumps reaches back as far as the dumps do.
 * @returns ms
 */
export function reachBackMs(copy: Copy, years: readonly number[]): number {
  const own = keptMs(copy.flow.retention, copy, years);
  return copy.from && copy.flow.source.kind === "tree" ? Math.max(own, reachBackMs(copy.from, years)) : own;
}

function keptMs(retention: Retention, { job }: Copy, years: readonly number[]): number {
  switch (retention.kind) {
    case "latest":
      return 0;
    case "age":
      return retention.ms;
    case "count":
      return spanMs(retention, job, years);
    case "tiers":
      return Math.max(...retention.tiers.map(tier => spanMs(tier, job, years)));
  }
}

function spanMs({ count, every }: Tier, job: Job, years: readonly number[]): number {
  return (count - 1) * (every === "run" ? gapMs(job, years) : everyMs[every]);
}

/** The shortest time between two runs: the least that so many generations span. */
function gapMs(job: Job, years: readonly number[]): number {
  const { schedule, zone } = job.trigger;
  const ms = gapsMs.get(job) ?? shortestGap(schedule, zone, years).ms;
  gapsMs.set(job, ms);
  return ms;
}
