import { countUntil } from "../ascending";
import { localTime } from "../calendar/time-zone";
import type { Flow } from "../job";
import type { Retention, Tier } from "../retention";
import type { Copy } from "./copies";
import type { Timeline } from "./versions";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a copy's place holds over the years. */
export interface Reach {
  /** Generations there at once, over the horizon. */
  readonly leastGenerations: number;
  readonly mostGenerations: number;
  /**
   * The least age of the oldest one that can be restored: what was lost longer ago than this may be in none. In ms.
   * Seen right after a run, when the oldest ones have just gone.
   */
  readonly oldestRestorableMs: number;
  /** The run after which that is so, as epoch ms; absent when no run ends in the horizon. */
  readonly atMs?: number;
  /** The greatest age of the oldest one: how long a deleted byte may still lie there. In ms. */
  readonly longestKeptMs: number;
}

/**
 * Generations of a copy over a timeline. A run adds one and then removes what its retention no longer keeps; nothing goes
 * at other times. `age` counts from a run's end, `count` the newest of each hour, day, week (from Monday) or month in the
 * job's zone, and several tiers what any of them wants. A tree's copier brings the generations that lie at its source when it starts, not just the newest.
 */
export class Generations {
  private readonly reaches = new Map<Copy, Reach>();
  private readonly kept = new Map<Copy, (run: number) => readonly number[]>();

  private readonly keptByFlow = new Map<Flow, { generations: number; longestMs: number }>();

  constructor(private readonly timeline: Timeline) {}

  /** When the data of each generation that exists at an instant was read, ascending, as epoch ms. */
  at(copy: Copy, atMs: number): readonly number[] {
    const run = lastAtMost(this.timeline.runsOf(copy.job).endMs, atMs);
    return run < 0 ? [] : this.after(copy)(run);
  }

  /** How far back a copy reaches, at worst and at best. */
  reachOf(copy: Copy): Reach {
    const known = this.reaches.get(copy);
    if (known) return known;
    const { fromMs, toMs } = this.timeline.horizon;
    const { endMs } = this.timeline.runsOf(copy.job);
    const after = this.after(copy);
    let [least, most, oldest, longest] = [Infinity, 0, Infinity, 0];
    let atMs: number | undefined;
    for (let run = Math.max(0, lastAtMost(endMs, fromMs)); run < endMs.length; run++) {
      const [madeMs, goneMs] = [endMs[run] ?? 0, Math.min(endMs[run + 1] ?? toMs, toMs)];
      if (madeMs >= toMs) break;
      const generations = after(run);
      const ageMs = madeMs - (generations[0] ?? madeMs);
      least = Math.min(least, generations.length);
      most = Math.max(most, generations.length);
      if (ageMs < oldest) [oldest, atMs] = [ageMs, madeMs];
      longest = Math.max(longest, goneMs - (generations[0] ?? goneMs));
    }
    const reach = {
      leastGenerations: least === Infinity ? 0 : least,
      mostGenerations: most,
      oldestRestorableMs: oldest === Infinity ? 0 : oldest,
      ...(atMs === undefined ? {} : { atMs }),
      longestKeptMs: longest,
    };
    this.reaches.set(copy, reach);
    return reach;
  }

  /**
   * Generations that the copy's own job keeps, whatever each of them holds.
   * @returns how many at most in the horizon, and the longest time from a run's start until its generation goes, in ms
   */
  keptBy({ job, flow }: Copy): { generations: number; longestMs: number } {
    const known = this.keptByFlow.get(flow);
    if (known) return known;
    const { fromMs, toMs } = this.timeline.horizon;
    const { startMs, endMs } = this.timeline.runsOf(job);
    const keptRuns = keeper(flow.retention, startMs, endMs, job.trigger.zone);
    const kept = { generations: 1, longestMs: 0 };
    for (let run = Math.max(0, lastAtMost(endMs, fromMs)); run < endMs.length; run++) {
      const { first, count } = keptRuns(run);
      const oldestMs = startMs[first] ?? 0;
      kept.generations = Math.max(kept.generations, count);
      kept.longestMs = Math.max(kept.longestMs, Math.min(endMs[run + 1] ?? toMs, toMs) - oldestMs);
    }
    this.keptByFlow.set(flow, kept);
    return kept;
  }

  /** What exists after each run of the copy's job. */
  private after(copy: Copy): (run: number) => readonly number[] {
    const known = this.kept.get(copy);
    if (known) return known;
    const { startMs, endMs } = this.timeline.runsOf(copy.job);
    const keptRuns = keeper(copy.flow.retention, startMs, endMs, copy.job.trigger.zone);
    const found = (run: number): readonly number[] =>
      ascending(
        keptRuns(run)
          .list()
          .flatMap(kept => this.brought(copy, startMs[kept] ?? 0)),
      );
    const remembered = new Map<number, readonly number[]>();
    const after = (run: number): readonly number[] => {
      const generations = remembered.get(run) ?? found(run);
      remembered.set(run, generations);
      return generations;
    };
    this.kept.set(copy, after);
    return after;
  }

  /** What a run that starts then takes along. */
  private brought({ from, flow }: Copy, startMs: number): readonly number[] {
    if (!from) return [startMs];
    const there = this.at(from, startMs);
    return flow.source.kind === "tree" ? there : there.slice(-1);
  }
}

/** Runs whose generations are still there. */
interface KeptRuns {
  readonly first: number;
  readonly count: number;
  /** Ascending. */
  list(): number[];
}

/** Most retentions keep a span, which needs no list to be counted: a snapshot every ten minutes is one of a thousand. */
function span(first: number, last: number): KeptRuns {
  const count = Math.max(0, last - first + 1);
  return { first, count, list: () => Array.from({ length: count }, (_, index) => first + index) };
}

function listed(runs: number[]): KeptRuns {
  return { first: runs[0] ?? 0, count: runs.length, list: () => runs };
}

/** The runs whose generations are still there after a run. */
function keeper(
  retention: Retention,
  startMs: readonly number[],
  endMs: readonly number[],
  zone: string,
): (run: number) => KeptRuns {
  switch (retention.kind) {
    case "latest":
      return run => span(run, run);
    case "age":
      return run => {
        const limitMs = (endMs[run] ?? 0) - retention.ms;
        const first = Math.min(lastAtMost(endMs, limitMs - 1) + 1, run, run + 1 - retention.atLeast);
        return span(Math.max(0, first), run);
      };
    case "count":
      return keeperOfTier(retention, startMs, zone);
    case "tiers": {
      const tiers = retention.tiers.map(tier => keeperOfTier(tier, startMs, zone));
      return run => listed(ascending(tiers.flatMap(keptRuns => keptRuns(run).list())));
    }
  }
}

function keeperOfTier(
  { count, every }: Tier,
  startMs: readonly number[],
  zone: string,
): (run: number) => KeptRuns {
  if (every === "run") return run => span(Math.max(0, run + 1 - count), run);
  const periods = startMs.map(start => periodOf(localTime(start, zone), every));
  return run => listed(newestOfPeriods(periods, run, count));
}

function newestOfPeriods(periods: readonly number[], run: number, count: number): number[] {
  const kept: number[] = [];
  for (let earlier = run; earlier >= 0 && kept.length < count; earlier--)
    if (earlier === run || periods[earlier] !== periods[earlier + 1]) kept.unshift(earlier);
  return kept;
}

/** A number for each local hour, day, week or month; an hour that clocks repeat is one. */
function periodOf(localMs: number, every: Exclude<Tier["every"], "run">): number {
  if (every === "hour") return Math.floor(localMs / hourMs);
  const day = Math.floor(localMs / dayMs);
  if (every === "day") return day;
  // 1 January 1970 was a Thursday.
  if (every === "week") return Math.floor((day + 3) / 7);
  const date = new Date(localMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Index of the last number that isn't above a limit, or -1. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  return countUntil(sorted, number => number <= limit) - 1;
}
