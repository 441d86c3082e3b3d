import type { Plan } from "../../plan";
import { countUntil } from "../../plan/ascending";
import type { Alike, Runs, Timeline } from "../../plan/graph/versions";
import type { Job } from "../../plan/job";
import { disksOf } from "../../plan/timeline";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { mirrorExample, example, mended } from "../examples";
import { localTime } from "../local-time";
import { yearsOf } from "../../plan/graph/loss";
import { waitsFor, type Window } from "../windows";
import { counted, listed } from "../wording";

/**
 * Usual runs, not budgets: two budgets that touch cost nothing on a usual night, and where a slow run would cost data
 * `order/assumed-not-enforced` says so. A job that comes after another one waits for it, so the two never overlap.
 */
export const overlapOnDisk = defineCheck({
  code: "order/overlap-on-disk",
  severity: "error",
  title: "Two jobs use one disk at the same time",
  why: "Two runs that seek on one hard disk take longer than one after the other, and a copy that is read while another job writes it is a copy of neither state.",
  run: plan => inOneRun(overlaps(plan)).flatMap(found => finding(found, plan)),
  examples: {
    bad: [
      mended(
        example("a daily backup that starts ten minutes into the mirror", ({ layers }) => {
          const [daily] = layers["daily-backup"];
          if (daily)
            Object.assign(daily, { schedule: { onCalendar: "*-*-* 02:10:00" }, promise: { rpo: "28h" } });
        }),
        {
          says: '"after": ["nfs-mirror"]',
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.schedule, { after: ["nfs-mirror"] }),
        },
        {
          says: "Move one of the two",
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.schedule, { onCalendar: "*-*-* 04:00:00" }),
        },
      ),
      mended(
        example("a tidy 00:00 for the dump too, when the volumes are snapshotted", ({ layers }) => {
          const [etcd] = layers["cluster-dump"];
          if (etcd) etcd.schedule = { cron: "0 0 * * *" };
        }),
        {
          says: "Start etcd-backup 1 min later",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { schedule: { cron: "1 0 * * *" } }),
        },
      ),
      mended(
        example("a scrub that reads the backup disk while the mirror writes to it", ({ layers }) => {
          const [daily] = layers["daily-backup"];
          if (daily?.scrub) daily.scrub.schedule.onCalendar = "*-*-* 02:10:00";
        }),
        {
          says: "Move one of the two",
          edit: ({ layers }) =>
            edit(layers["daily-backup"][0]?.scrub?.schedule, { onCalendar: "*-*-* 13:00:00" }),
        },
      ),
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
  const timeline = yearsOf(plan);
  const usersOf = new Map<string, Job[]>();
  for (const job of plan.jobs)
    for (const disk of disksOf(job, plan)) usersOf.set(disk, [...(usersOf.get(disk) ?? []), job]);
  const found = new Map<string, Overlap>();
  for (const [disk, jobs] of usersOf)
    for (const overlap of jobs.length < 2 ? [] : overlapsOn(disk, jobs, timeline)) {
      const [one, other] = [overlap.first.job, overlap.second.job];
      // In a circle nobody knows who waits: order/after-cycle.
      if (waitsFor(one, other, plan) && waitsFor(other, one, plan)) continue;
      const key = pairKey(one, other);
      if (!found.has(key)) found.set(key, overlap);
    }
  return [...found.values()];
}

/** Overlaps by the run that comes into them: ten jobs that start at one time are forty-five pairs, and nine runs too many. */
function inOneRun(overlaps: readonly Overlap[]): Overlap[][] {
  const runs = new Map<string, Overlap[]>();
  for (const overlap of overlaps) {
    const { job, window } = overlap.second;
    const key = `${overlap.disk} ${job.host}/${job.name} ${window.fromMs}`;
    runs.set(key, [...(runs.get(key) ?? []), overlap]);
  }
  return [...runs.values()];
}

/** What one run comes into. */
function finding(overlaps: readonly Overlap[], { estate }: Plan): Found[] {
  const [overlap] = overlaps;
  if (!overlap) return [];
  const { disk, first, second, times } = overlap;
  const { job } = second;
  const others = overlaps.map(other => other.first.job);
  const names = others.map(other => other.called);
  const count = Math.max(...overlaps.map(other => other.count));
  const freeMs = Math.max(...overlaps.map(other => other.first.window.toMs));
  const started = `${first.job.called} (${localTime(first.window.fromMs, estate.zone)}, usually ${formatDuration(first.job.usualRunMs)})`;
  const canWait = others.every(other => other.host === job.host && other.runsOn.kind === "host");
  const after = others.map(({ name }) => `"${name}"`).join(", ");
  return [
    {
      subject: job.called,
      message:
        `${job.called} starts at ${localTime(second.window.fromMs, estate.zone)} while ${listed([started, ...names.slice(1)])} ` +
        `${names.length === 1 ? "is" : "are"} still using ${disk}; ${count} times in ${estate.years.join(", ")}.`,
      fix: canWait
        ? `Move one of the ${names.length === 1 ? "two" : counted(names.length + 1, "job")}, or give ${job.called} "after": [${after}].`
        : `Start ${job.called} ${formatDuration(freeMs - second.window.fromMs)} later, or ${listed(names)} earlier.`,
      evidence: {
        disk,
        times: count,
        overlapMs: Math.min(first.window.toMs, second.window.toMs) - second.window.fromMs,
        counterexample: times.map(instant => new Date(instant).toISOString()),
        ...(names.length === 1 ? {} : { others: names.slice(1) }),
      },
    },
  ];
}

function pairKey(a: Job, b: Job): string {
  return [`${a.host}/${a.name}`, `${b.host}/${b.name}`].sort().join(" ");
}

/** How two jobs overlap: which of them comes first, both windows of their first overlap, and how many there are. */
interface Clash {
  readonly isOtherFirst: boolean;
  readonly windows: readonly [Window, Window];
  readonly count: number;
}

/** The first overlap of each two jobs on one disk, in the order in which the later runs start. */
function overlapsOn(disk: string, jobs: readonly Job[], timeline: Timeline): Overlap[] {
  const placeOf = ({ job }: Run): number => jobs.indexOf(job);
  const byStart = (a: Run, b: Run): number => a.window.fromMs - b.window.fromMs || placeOf(a) - placeOf(b);
  return jobs
    .flatMap((one, place) =>
      jobs.slice(place + 1).flatMap((other): Overlap[] => {
        const clash = clashOf(one, other, timeline);
        if (!clash) return [];
        const [a, b] = clash.windows;
        const [first, second] = clash.isOtherFirst ? [other, one] : [one, other];
        const times = [a.fromMs, a.toMs, b.fromMs, b.toMs];
        const runs = { first: { job: first, window: a }, second: { job: second, window: b } };
        return [{ disk, ...runs, times, count: clash.count }];
      }),
    )
    .sort((a, b) => byStart(a.second, b.second) || byStart(a.first, b.first));
}

const known = new WeakMap<Alike, Map<string, Clash | undefined>>();

/** How two jobs overlap in the estate's years. Those of other hosts that run alike overlap alike. */
function clashOf(one: Job, other: Job, timeline: Timeline): Clash | undefined {
  const { alike, horizon } = timeline;
  const byRuns = known.get(alike) ?? new Map<string, Clash | undefined>();
  known.set(alike, byRuns);
  const [runs, others] = [timeline.runsOf(one), timeline.runsOf(other)];
  const key = `${alike.idOf(runs)} ${alike.idOf(others)}`;
  if (!byRuns.has(key)) byRuns.set(key, clash(runs, others, horizon.fromMs));
  return byRuns.get(key);
}

/** How runs overlap with another job's, from an instant on: one pass over both, as their starts and ends ascend. */
function clash({ startMs, endMs }: Runs, other: Runs, fromMs: number): Clash | undefined {
  const first = (starts: readonly number[]): number => countUntil(starts, start => start < fromMs);
  let [underWay, count, found] = [first(other.startMs), 0, undefined as [number, number] | undefined];
  for (let run = first(startMs); run < startMs.length; run++) {
    const start = startMs[run] ?? 0;
    const end = endMs[run] ?? 0;
    while ((other.startMs[underWay] ?? start) < start && (other.endMs[underWay] ?? 0) <= start) underWay++;
    for (let next = underWay; (other.startMs[next] ?? end) < end; next++) {
      found ??= [run, next];
      count++;
    }
  }
  if (!found) return undefined;
  const windowOf = (runs: Pick<Runs, "startMs" | "endMs">, at: number): Window => ({
    fromMs: runs.startMs[at] ?? 0,
    toMs: runs.endMs[at] ?? 0,
  });
  const [one, another] = [windowOf({ startMs, endMs }, found[0]), windowOf(other, found[1])];
  const isOtherFirst = another.fromMs < one.fromMs;
  return { isOtherFirst, windows: isOtherFirst ? [another, one] : [one, another], count };
}
