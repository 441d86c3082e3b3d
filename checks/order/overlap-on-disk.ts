import type { Plan } from "../../plan";
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

/** Two runs that overlap, by their jobs' places among those that use the disk. */
interface Clash {
  readonly first: number;
  readonly second: number;
  readonly windows: readonly [Window, Window];
  readonly count: number;
}

const known = new WeakMap<Alike, Map<string, readonly Clash[]>>();

/** The overlaps on one disk. Disks whose jobs run alike have the same. */
function overlapsOn(disk: string, jobs: readonly Job[], timeline: Timeline): Overlap[] {
  const { alike, horizon } = timeline;
  const byRuns = known.get(alike) ?? new Map<string, readonly Clash[]>();
  known.set(alike, byRuns);
  const runs = jobs.map(job => timeline.runsOf(job));
  const key = runs.map(each => alike.idOf(each)).join();
  const clashes = byRuns.get(key) ?? sweep(runs, horizon.fromMs);
  byRuns.set(key, clashes);
  return clashes.flatMap(({ first, second, windows: [one, other], count }) => {
    const [a, b] = [jobs[first], jobs[second]];
    if (!a || !b) return [];
    const times = [one.fromMs, one.toMs, other.fromMs, other.toMs];
    return [{ disk, first: { job: a, window: one }, second: { job: b, window: other }, times, count }];
  });
}

/**
 * The overlaps of some jobs' runs, in one pass over the starts of all. Numbers in flat arrays, and merged in place of sorted: a
 * big estate has a million runs in its years.
 */
function sweep(runs: readonly Runs[], fromMs: number): Clash[] {
  const { starts, ends, users } = inOrder(runs, fromMs);
  const counts = new Map<number, number>();
  const firsts: { first: number; second: number; pair: number }[] = [];
  let underWay: number[] = [];
  for (let run = 0; run < starts.length; run++) {
    const start = starts[run] ?? 0;
    if (underWay.some(other => (ends[other] ?? 0) <= start))
      underWay = underWay.filter(other => (ends[other] ?? 0) > start);
    for (const other of underWay) {
      const [a, b] = [users[other] ?? 0, users[run] ?? 0];
      if (a === b) continue;
      const pair = Math.min(a, b) * runs.length + Math.max(a, b);
      const count = counts.get(pair) ?? 0;
      if (count === 0) firsts.push({ first: other, second: run, pair });
      counts.set(pair, count + 1);
    }
    underWay.push(run);
  }
  const windowOf = (run: number): Window => ({ fromMs: starts[run] ?? 0, toMs: ends[run] ?? 0 });
  return firsts.map(({ first, second, pair }) => ({
    ...{ first: users[first] ?? 0, second: users[second] ?? 0 },
    windows: [windowOf(first), windowOf(second)],
    count: counts.get(pair) ?? 0,
  }));
}

/** Runs from an instant on, by their starts, which ascend within each job; of several at one instant, the earlier job's first. */
function inOrder(runs: readonly Runs[], fromMs: number): Record<"starts" | "ends" | "users", number[]> {
  const next = runs
    .map(({ startMs }) => startMs.findIndex(start => start >= fromMs))
    .map(at => (at < 0 ? Infinity : at));
  const order = { starts: [] as number[], ends: [] as number[], users: [] as number[] };
  for (;;) {
    let [user, start] = [-1, Infinity];
    for (let other = 0; other < runs.length; other++) {
      const candidate = runs[other]?.startMs[next[other] ?? 0] ?? Infinity;
      if (candidate < start) [user, start] = [other, candidate];
    }
    if (user < 0) return order;
    const at = next[user] ?? 0;
    order.starts.push(start);
    order.ends.push(runs[user]?.endMs[at] ?? start);
    order.users.push(user);
    next[user] = at + 1;
  }
}
