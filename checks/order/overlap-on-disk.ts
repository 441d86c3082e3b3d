import type { Plan } from "../../plan";
import { Timeline } from "../../plan/graph/versions";
import { horizonOf } from "../../plan/graph/loss";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { mirrorExample, example } from "../examples";
import { localTime } from "../local-time";
import { disksOf, type Window } from "../windows";

/**
 * Usual runs, not budgets: two budgets that touch cost nothing on a usual night, and where a slow run would cost data
 * `order/assumed-not-enforced` says so. A job that comes after another one waits for it, so the two never overlap.
 */
export const overlapOnDisk = defineCheck({
  code: "order/overlap-on-disk",
  severity: "error",
  title: "Two jobs use one disk at the same time",
  why: "Two runs that seek on one hard disk take longer than one after the other, and a copy that is read while another job writes it is a copy of neither state.",
  run: plan =>
    overlaps(plan).map(({ disk, first, second, times, count }) => ({
      subject: second.job.name,
      message:
        `${second.job.name} starts at ${localTime(second.window.fromMs, plan.estate.zone)} while ${first.job.name} ` +
        `(${localTime(first.window.fromMs, plan.estate.zone)}, usually ${formatDuration(first.job.usualRunMs)}) is still using ${disk}; ` +
        `${count} times in ${plan.estate.years.join(", ")}.`,
      fix:
        first.job.host === second.job.host && first.job.runsOn.kind === "host"
          ? `Move one of the two, or give ${second.job.name} "after": ["${first.job.name}"].`
          : `Start ${second.job.name} ${formatDuration(first.window.toMs - second.window.fromMs)} later, or ${first.job.name} earlier.`,
      evidence: {
        disk,
        times: count,
        overlapMs: Math.min(first.window.toMs, second.window.toMs) - second.window.fromMs,
        counterexample: times.map(instant => new Date(instant).toISOString()),
      },
    })),
  examples: {
    bad: [
      example("a daily backup that starts ten minutes into the mirror", ({ layers }) => {
        const [daily] = layers["daily-backup"];
        if (daily)
          Object.assign(daily, { schedule: { onCalendar: "*-*-* 02:10:00" }, promise: { rpo: "28h" } });
      }),
      example("a tidy 00:00 for the dump too, when the volumes are snapshotted", ({ layers }) => {
        const [etcd] = layers["cluster-dump"];
        if (etcd) etcd.schedule = { cron: "0 0 * * *" };
      }),
    ],
    good: [
      mirrorExample("one after the other", {}),
      example("the same start, but one waits", ({ layers }) => {
        const [daily] = layers["daily-backup"];
        if (daily) daily.schedule = { onCalendar: "*-*-* 02:10:00", after: ["nfs-mirror"] };
      }),
    ],
  },
});

interface Run {
  readonly job: Job;
  readonly window: Window;
}

interface Overlap {
  readonly disk: string;
  readonly first: Run;
  readonly second: Run;
  /** Start and end of the first, start and end of the second. */
  readonly times: readonly number[];
  readonly count: number;
}

/** The first overlap of each two jobs in the estate's years, and how many there are. */
function overlaps(plan: Plan): Overlap[] {
  const horizon = horizonOf(plan.estate.years);
  const timeline = new Timeline(plan.jobs, horizon);
  const usersOf = new Map<string, Job[]>();
  for (const job of plan.jobs)
    for (const disk of disksOf(job, plan)) usersOf.set(disk, [...(usersOf.get(disk) ?? []), job]);
  const found = new Map<string, Overlap>();
  for (const [disk, jobs] of usersOf) {
    const runs = jobs.flatMap(job => {
      const { startMs, endMs } = timeline.runsOf(job);
      return startMs.flatMap((fromMs, index): Run[] =>
        fromMs < horizon.fromMs ? [] : [{ job, window: { fromMs, toMs: endMs[index] ?? fromMs } }],
      );
    });
    sweep(disk, runs, found);
  }
  return [...found.values()];
}

function sweep(disk: string, runs: Run[], found: Map<string, Overlap>): void {
  runs.sort((a, b) => a.window.fromMs - b.window.fromMs);
  let underWay: Run[] = [];
  for (const run of runs) {
    underWay = underWay.filter(other => other.window.toMs > run.window.fromMs);
    for (const other of underWay) {
      if (other.job === run.job) continue;
      const key = [`${other.job.host}/${other.job.name}`, `${run.job.host}/${run.job.name}`].sort().join(" ");
      const known = found.get(key);
      if (known && known.disk !== disk) continue;
      found.set(
        key,
        known
          ? { ...known, count: known.count + 1 }
          : {
              disk,
              first: other,
              second: run,
              times: [other.window.fromMs, other.window.toMs, run.window.fromMs, run.window.toMs],
              count: 1,
            },
      );
    }
    underWay.push(run);
  }
}
