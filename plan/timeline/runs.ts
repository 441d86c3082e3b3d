import { countUntil } from "../ascending";
import type { Plan } from "..";
import { Timeline } from "../graph/versions";
import type { Job } from "../job";
import { disksOf } from "./disks";

/** One run of a job as planned. Instants are epoch ms. */
export interface PlannedRun {
  readonly job: string;
  readonly host: string;
  /** When its calendar asks for it; it starts later if it waits for another job. */
  readonly askedMs: number;
  readonly startMs: number;
  /** End of a usual run, the whole randomised delay included. */
  readonly usualEndMs: number;
  /** The job stops itself then: delay, accuracy of the timer and budget after the start. */
  readonly budgetEndMs: number;
  /** Disks that it reads or writes, as "host/disk". */
  readonly disks: readonly string[];
  /** The next start of another job on one of these disks; absent when none follows within a year. */
  readonly next?: { readonly job: string; readonly disk: string; readonly startMs: number };
  /** From the budget's end to that start; negative when the two may collide. */
  readonly slackMs?: number;
  /** From the budget's end to the job's own next start; absent when none follows within a year. */
  readonly ownSlackMs?: number;
}

const dayMs = 86_400_000;

/** Every run that starts in [fromMs, toMs), in the order of their starts: a night, or a week. */
export function timelineOf(plan: Plan, fromMs: number, toMs: number): PlannedRun[] {
  // What follows a run may come much later than the span that is shown.
  const timeline = new Timeline(plan.jobs, { fromMs, toMs: toMs + 366 * dayMs, warmUpMs: 8 * dayMs });
  const disks = new Map(plan.jobs.map(job => [job, disksOf(job, plan)]));
  return plan.jobs
    .flatMap(job => runsOf(job, plan.jobs, disks, timeline))
    .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
    .sort((a, b) => a.startMs - b.startMs || (a.job < b.job ? -1 : 1));
}

function runsOf(
  job: Job,
  jobs: readonly Job[],
  disks: ReadonlyMap<Job, readonly string[]>,
  timeline: Timeline,
): PlannedRun[] {
  const { queuedMs, startMs, endMs } = timeline.runsOf(job);
  const own = disks.get(job) ?? [];
  const neighbours = jobs.flatMap(other => {
    const disk = other === job ? undefined : disks.get(other)?.find(shared => own.includes(shared));
    return disk === undefined ? [] : [{ other, disk, starts: timeline.runsOf(other).startMs }];
  });
  return startMs
    .map((start, index) => ({ start, index }))
    .filter(({ start }) => start >= timeline.horizon.fromMs && start < timeline.horizon.toMs - 366 * dayMs)
    .map(({ start, index }) => {
      const budgetEndMs = start + job.trigger.randomizedDelayMs + job.trigger.accuracyMs + job.budgetMs;
      const next = neighbours
        .map(({ other, disk, starts }) => ({ job: other.called, disk, startMs: firstAfter(starts, start) }))
        .filter((found): found is NonNullable<PlannedRun["next"]> => found.startMs !== undefined)
        .reduce<PlannedRun["next"]>((a, b) => (a && a.startMs <= b.startMs ? a : b), undefined);
      const ownNextMs = startMs[index + 1];
      return {
        job: job.called,
        host: job.host,
        askedMs: queuedMs[index] ?? start,
        startMs: start,
        usualEndMs: endMs[index] ?? start,
        budgetEndMs,
        disks: own,
        ...(next ? { next, slackMs: next.startMs - budgetEndMs } : {}),
        ...(ownNextMs === undefined ? {} : { ownSlackMs: ownNextMs - budgetEndMs }),
      };
    });
}

/** The first start at or after an instant; a simultaneous one collides most of all. */
function firstAfter(ascending: readonly number[], atMs: number): number | undefined {
  return ascending[countUntil(ascending, ms => ms < atMs)];
}
