import type { Job } from "../job";
import type { Plan } from "..";
import { disksOf } from "../timeline/disks";
import { parseDuration } from "../units/duration";
import type { Way } from "./copies";
import { worstOf } from "./loss";
import { survivorsOf } from "./survivors";
import type { Runs, Timeline } from "./versions";

/** What an estate must not lose when one of its jobs is moved to another time. */
export class Rearrangement {
  private readonly disks: ReadonlyMap<Job, readonly string[]>;
  private readonly promises: readonly Promised[];
  private readonly known = new Map<string, number>();

  constructor(
    private readonly plan: Plan,
    private readonly timeline: Timeline,
  ) {
    this.disks = new Map(plan.jobs.map(job => [job, disksOf(job, plan)]));
    this.promises = promisesOf(plan);
  }

  /** Whether an estate with the job moved is as sound as before: disks, order and promises. */
  isSound(job: Job, moved: Job, timeline: Timeline): boolean {
    return (
      this.plan.jobs.every(other => other === job || this.fits(job, moved, other, timeline)) &&
      this.keepsPromises(job, timeline)
    );
  }

  private fits(job: Job, moved: Job, other: Job, timeline: Timeline): boolean {
    if (comesAfter(job, other))
      return !(startOfDay(moved) < startOfDay(other) && startOfDay(other) <= startOfDay(job));
    if (comesAfter(other, job))
      return !(startOfDay(other) < startOfDay(moved) && startOfDay(job) <= startOfDay(other));
    const shared = this.disks.get(job)?.some(disk => this.disks.get(other)?.includes(disk)) ?? false;
    // Once a year clocks may bring two budgets together: what was so one night is no leave for each.
    return (
      !shared ||
      [busyMs, usuallyBusyMs].every(
        busy =>
          this.collisions(job, other, timeline, busy) <= this.collisions(job, other, this.timeline, busy),
      )
    );
  }

  /** How often in the years a run of one job may still be busy when one of the other starts: counted once for hosts that are alike, and for all moves of a job. */
  private collisions(job: Job, other: Job, timeline: Timeline, busy: (job: Job) => number): number {
    const [runs, otherRuns] = [timeline.runsOf(job), timeline.runsOf(other)];
    const ids = [runs, otherRuns].map(each => timeline.alike.idOf(each));
    const key = [...ids, busy(job), busy(other)].join(" ");
    const count = this.known.get(key) ?? collisions(runs, busy(job), otherRuns, busy(other));
    this.known.set(key, count);
    return count;
  }

  private keepsPromises(job: Job, timeline: Timeline): boolean {
    return this.promises.every(({ ways, rpoMs }) => {
      if (
        !ways.some(way => way.jobs.some(passed => passed === job || passed.trigger.after.includes(job.name)))
      )
        return true;
      const afterMs = worstOf(ways, timeline).worstLossMs ?? Infinity;
      return afterMs <= rpoMs || afterMs <= (worstOf(ways, this.timeline).worstLossMs ?? Infinity);
    });
  }
}

interface Promised {
  readonly ways: readonly Way[];
  readonly rpoMs: number;
}

/** The tightest promise of each set of ways. */
function promisesOf(plan: Plan): Promised[] {
  const tightest = new Map<string, Promised>();
  for (const [service, datasets] of survivorsOf(plan))
    for (const [domain, rpo] of Object.entries(plan.estate.services[service]?.promise?.rpo ?? {}))
      for (const { ways: byDomain } of datasets) {
        const ways = [...byDomain].find(([known]) => known === domain)?.[1];
        if (ways === undefined || ways === "live") continue;
        const key = ways.map(way => way.key).join(" | ");
        const rpoMs = Math.min(parseDuration(rpo), tightest.get(key)?.rpoMs ?? Infinity);
        tightest.set(key, { ways, rpoMs });
      }
  return [...tightest.values()];
}

function comesAfter(job: Job, other: Job): boolean {
  return job.host === other.host && job.trigger.after.includes(other.name);
}

/** First start of a day in the job's own zone, in seconds: jobs of one host that follow one another share a zone. */
function startOfDay(job: Job): number {
  return job.trigger.schedule.secondsOfDay[0] ?? 0;
}

function collisions(a: Runs, aBusyMs: number, b: Runs, bBusyMs: number): number {
  let count = 0;
  for (let i = 0, j = 0; i < a.startMs.length && j < b.startMs.length;) {
    const [aMs, bMs] = [a.startMs[i] ?? 0, b.startMs[j] ?? 0];
    if (aMs < bMs + bBusyMs && bMs < aMs + aBusyMs) count++;
    if (aMs < bMs) i++;
    else j++;
  }
  return count;
}

/** Until it stops itself. */
function busyMs({ trigger, budgetMs }: Job): number {
  return trigger.randomizedDelayMs + trigger.accuracyMs + budgetMs;
}

/** As long as it usually takes: two that meet then are an error of the plan. */
function usuallyBusyMs({ trigger, usualRunMs }: Job): number {
  return trigger.randomizedDelayMs + usualRunMs;
}
