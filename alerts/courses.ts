import type { Plan } from "../plan";
import { firings } from "../plan/calendar";
import { aheadS } from "../plan/contracts/metric";
import type { Job } from "../plan/job";
import { healthyAge } from "../plan/staleness";
import type { Course, Held } from "./promql/moment";
import { exactly, type Range } from "./ranges";
import { type Series, tellsOfRuns } from "./series";

/** A run as rules see it. Times in epoch ms. */
interface Run {
  /** When its metrics are seen. */
  readonly seenMs: number;
  readonly endMs: number;
  readonly ok: boolean;
  /** Whether runs like it follow, which nobody follows one by one any more. */
  readonly goesOn?: boolean;
}

/** A course of events, and the time in which an alert is asked what it does. */
export interface Story {
  readonly course: Course;
  readonly fromMs: number;
  readonly toMs: number;
  /** Instants at which something changes, ascending. */
  readonly events: readonly number[];
  /** When the last good run began whose loss counts from then on. */
  readonly goodMs: number;
}

/** What a job can do that an alert has to tell from a healthy day, or one that it may not take for another. */
export type Mishap = "fails" | "stops" | "gone" | "ahead";

const [dayMs, minuteMs] = [86_400_000, 60_000];
/** An exit code of a failure may be any. */
const anyFailure: Range = { min: 1, max: 255 };

/**
 * The longest gap that a job's calendar leaves, all runs healthy: those before it take no time, the one after it starts as
 * late as it may and takes its whole budget. Other jobs run as usual.
 * @param lookbackMs how far an expression looks back
 * @param forMs how long a condition has to hold
 */
export function healthyStory(
  job: Job,
  others: readonly Job[],
  plan: Plan,
  lookbackMs: number,
  forMs: number,
): Story {
  const age = ageOf(job, plan);
  const earlyMs = age.gapFromMs - Math.max(age.gapMs, 1.5 * forMs);
  const fromMs = startsOf(job, earlyMs - age.gapMs, earlyMs + 1).at(-1) ?? earlyMs;
  const toMs = age.gapFromMs + age.ms;
  const runs = startsOf(job, fromMs - lookbackMs - age.gapMs, age.gapFromMs + 1).map(instantRun);
  return storyOf(new Map([[job, runs]]), others, plan, { fromMs, toMs, lookbackMs, goodMs: age.gapFromMs });
}

/**
 * A job's last good run, and what it does from then on. Where it fails, each later start gives a failure.
 * @param jobs those that it happens to, at the same time
 */
export function mishapStory(
  mishap: Mishap,
  jobs: readonly [Job, ...Job[]],
  others: readonly Job[],
  plan: Plan,
  lookbackMs: number,
  forMs: number,
): Story {
  const [first] = jobs;
  const goodMs = ageOf(first, plan).gapFromMs;
  const spanMs =
    2 * forMs + Math.max(...jobs.map(job => Math.max(2 * job.judged.rpoMs, 3 * ageOf(job, plan).gapMs)));
  const histories = new Map(
    jobs.map(job => {
      const fromMs = goodMs - lookbackMs - ageOf(job, plan).gapMs;
      const good = startsOf(job, fromMs, goodMs + 1).map(instantRun);
      const later = mishap === "fails" ? startsOf(job, goodMs + 1, goodMs + spanMs) : [];
      const failed = later.map(startMs => ({
        seenMs: startMs + job.usualRunMs + job.judged.visibleAfterMs,
        endMs: startMs + job.usualRunMs,
        ok: false,
      }));
      const ahead =
        mishap === "ahead" ? [{ seenMs: goodMs, endMs: goodMs + 2 * aheadS * 1000, ok: true }] : [];
      return [job, mishap === "gone" ? [] : [...good, ...failed, ...ahead]] as const;
    }),
  );
  return storyOf(histories, others, plan, { fromMs: goodMs, toMs: goodMs + spanMs, lookbackMs, goodMs });
}

/** How the targets of exporters are; jobs run as usual. */
export type TargetState = "healthy" | "flags-down" | "target-down" | "gone";

export function targetStory(
  state: TargetState,
  others: readonly Job[],
  plan: Plan,
  lookbackMs: number,
  forMs: number,
): Story {
  const goodMs = Date.UTC(Math.min(...plan.estate.years), 5, 15);
  const times = { fromMs: goodMs, toMs: goodMs + 2 * dayMs + 2 * forMs, lookbackMs, goodMs };
  return storyOf(new Map(), others, plan, times, state);
}

function storyOf(
  histories: ReadonlyMap<Job, readonly Run[]>,
  others: readonly Job[],
  plan: Plan,
  { fromMs, toMs, lookbackMs, goodMs }: { fromMs: number; toMs: number; lookbackMs: number; goodMs: number },
  targets: TargetState = "healthy",
): Story {
  const usual = others
    .filter(job => !histories.has(job))
    .map(job => [job, usualRuns(job, plan, fromMs - lookbackMs, toMs)] as const);
  const all = new Map([...histories, ...usual]);
  const events = [...all.values()].flatMap(runs => runs.map(({ seenMs }) => seenMs)).sort((a, b) => a - b);
  return { course: courseOf(all, targets), fromMs, toMs, events, goodMs };
}

function courseOf(histories: ReadonlyMap<Job, readonly Run[]>, targets: TargetState): Course {
  const byPlace = new Map([...histories].map(([job, runs]) => [`${job.host} ${job.name}`, runs]));
  // Rules ask for the same few series at thousands of instants.
  const known = new Map<Series, readonly Run[] | undefined>();
  const runsOf = (series: Series): readonly Run[] | undefined => {
    if (series.kind !== "job") return undefined;
    const found = known.get(series) ?? byPlace.get(`${series.labels["instance"] ?? ""} ${series.emitter}`);
    known.set(series, found);
    return found;
  };
  const valueAt = (series: Series, atMs: number): Range | undefined => {
    const runs = runsOf(series);
    if (runs) return valueAfter(series, runs, newest(runs, atMs), atMs);
    return series.kind === "job" ? series.range : targetValue(series, targets);
  };
  return {
    valueAt,
    valuesIn: (series, fromMs, toMs) => {
      const runs = runsOf(series);
      if (!runs || !tellsOfRuns(series)) {
        const value = valueAt(series, toMs);
        if (!value) return [];
        return value.min === value.max ? [{ range: value, forMs: toMs - fromMs }] : undefined;
      }
      const values: Held[] = [];
      const lastRun = newest(runs, toMs);
      for (let run = newest(runs, fromMs); run <= lastRun; run++) {
        const range = valueAfter(series, runs, run, toMs);
        if (!range) continue;
        const untilMs = run === lastRun ? toMs : (runs[run + 1]?.seenMs ?? toMs);
        const forMs = untilMs - Math.max(fromMs, runs[run]?.seenMs ?? fromMs);
        const last = values.at(-1);
        if (last?.range.min === range.min && last.range.max === range.max)
          values[values.length - 1] = { range, forMs: last.forMs + forMs };
        else values.push({ range, forMs });
      }
      return values;
    },
  };
}

/** Index of the newest run that is seen at an instant; -1 before the first. */
function newest(runs: readonly Run[], atMs: number): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.seenMs ?? Infinity) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function valueAfter(series: Series, runs: readonly Run[], index: number, atMs: number): Range | undefined {
  const run = runs[index];
  const endOf = ({ endMs, goesOn }: Run): Range =>
    exactly(Math.max(endMs, goesOn ? atMs - minuteMs : 0) / 1000);
  switch (series.means) {
    case "last-success": {
      let good = index;
      while (good >= 0 && !runs[good]?.ok) good--;
      const success = runs[good];
      return success && endOf(success);
    }
    case "last-run":
      return run && endOf(run);
    case "status":
      return run && (run.ok ? exactly(0) : anyFailure);
    default:
      return run && (run.ok && series.well !== undefined ? exactly(series.well) : series.range);
  }
}

function targetValue(series: Series, targets: TargetState): Range | undefined {
  switch (targets) {
    case "healthy":
      return series.means === "flag" ? exactly(1) : series.range;
    case "flags-down":
      return series.means === "flag" ? exactly(0) : series.range;
    case "target-down":
      return series.metric === "up" ? exactly(0) : undefined;
    case "gone":
      return undefined;
  }
}

const ages = new WeakMap<Plan, Map<Job, ReturnType<typeof healthyAge>>>();

/** A job's worst healthy age, computed once for a plan. */
export function ageOf(job: Job, plan: Plan): ReturnType<typeof healthyAge> {
  const known = ages.get(plan) ?? new Map<Job, ReturnType<typeof healthyAge>>();
  ages.set(plan, known);
  const { visibleAfterMs } = job.judged;
  const found = known.get(job) ?? healthyAge(job.trigger, job.budgetMs, visibleAfterMs, plan.estate.years);
  known.set(job, found);
  return found;
}

const starts = new WeakMap<Job, Map<string, number[]>>();

/** A job's starts in a time; those that many alerts ask for are computed once. */
function startsOf(job: Job, fromMs: number, toMs: number): number[] {
  const known = starts.get(job) ?? new Map<string, number[]>();
  starts.set(job, known);
  const key = `${fromMs} ${toMs}`;
  const found = known.get(key) ?? firings(job.trigger.schedule, job.trigger.zone, fromMs, toMs);
  known.set(key, found);
  return found;
}

function instantRun(startMs: number): Run {
  return { seenMs: startMs, endMs: startMs, ok: true };
}

function usualRuns(job: Job, plan: Plan, fromMs: number, toMs: number): Run[] {
  const starts = startsOf(job, fromMs - 2 * ageOf(job, plan).gapMs, toMs);
  return starts.map((startMs, at) => ({
    seenMs: startMs + job.usualRunMs + job.judged.visibleAfterMs,
    endMs: startMs + job.usualRunMs,
    ok: true,
    goesOn: at === starts.length - 1,
  }));
}
