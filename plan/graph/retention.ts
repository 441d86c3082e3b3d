import { countUntil } from "../ascending";
import type { Flow, Job } from "../job";
import type { Copy } from "./copies";
import { keeper, type KeptRuns } from "./kept-runs";
import type { Alike, Runs, Timeline } from "./versions";

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

/** How many generations at most, and the longest time from a run's start until its generation goes, in ms. */
interface Kept {
  readonly generations: number;
  readonly longestMs: number;
}

/** The generations that exist after a run. */
interface Held {
  readonly count: number;
  /** When the oldest one's data was read, as epoch ms; absent where there is none. */
  readonly oldestMs: number | undefined;
  readonly newestMs: number | undefined;
  /** When each one's data was read, ascending, as epoch ms. */
  list(): readonly number[];
}

/** By runs and retention: hosts that are alike keep alike. */
const keptAlike = new WeakMap<Alike, Map<string, Kept>>();

/**
 * Generations of a copy over a timeline. A run adds one and then removes what its retention no longer keeps; nothing goes
 * at other times. `age` counts from a run's end, `count` the newest of each hour, day, week (from Monday) or month in the
 * job's zone, and several tiers what any of them wants. A tree's copier brings the generations that lie at its source when it starts, not just the newest.
 */
export class Generations {
  private readonly reaches = new Map<Copy, Reach>();
  private readonly held = new Map<Copy, (run: number) => Held>();
  private readonly heldAlike = new Map<string, (run: number) => Held>();
  private readonly keptByFlow = new Map<Flow, Kept>();

  constructor(private readonly timeline: Timeline) {}

  /** When the data of each generation that exists at an instant was read, ascending, as epoch ms. */
  at(copy: Copy, atMs: number): readonly number[] {
    const run = lastAtMost(this.timeline.runsOf(copy.job).endMs, atMs);
    return run < 0 ? [] : this.after(copy)(run).list();
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
      const { count, oldestMs } = after(run);
      const ageMs = madeMs - (oldestMs ?? madeMs);
      least = Math.min(least, count);
      most = Math.max(most, count);
      if (ageMs < oldest) [oldest, atMs] = [ageMs, madeMs];
      longest = Math.max(longest, goneMs - (oldestMs ?? goneMs));
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

  /** Generations that the copy's own job keeps in the horizon, whatever each of them holds. */
  keptBy({ job, flow }: Copy): Kept {
    const known = this.keptByFlow.get(flow);
    if (known) return known;
    const runs = this.timeline.runsOf(job);
    const { alike } = this.timeline;
    const byKey = keptAlike.get(alike) ?? new Map<string, Kept>();
    keptAlike.set(alike, byKey);
    const key = this.ruleKey(job, flow);
    const kept = byKey.get(key) ?? this.keptOf(runs, job, flow);
    byKey.set(key, kept);
    this.keptByFlow.set(flow, kept);
    return kept;
  }

  private keptOf({ startMs, endMs }: Runs, job: Job, flow: Flow): Kept {
    const { fromMs, toMs } = this.timeline.horizon;
    const keptRuns = keeper(flow.retention, startMs, endMs, job.trigger.zone);
    const kept = { generations: 1, longestMs: 0 };
    for (let run = Math.max(0, lastAtMost(endMs, fromMs)); run < endMs.length; run++) {
      const { older, first, last } = keptRuns(run);
      const oldestMs = startMs[older[0] ?? first] ?? 0;
      kept.generations = Math.max(kept.generations, older.length + last - first + 1);
      kept.longestMs = Math.max(kept.longestMs, Math.min(endMs[run + 1] ?? toMs, toMs) - oldestMs);
    }
    return kept;
  }

  /** What exists after each run of the copy's job. */
  private after(copy: Copy): (run: number) => Held {
    const known = this.held.get(copy);
    if (known) return known;
    const key = this.keyOf(copy);
    const after = this.heldAlike.get(key) ?? this.heldBy(copy);
    this.heldAlike.set(key, after);
    this.held.set(copy, after);
    return after;
  }

  /** The same for copies that hold alike: by the same runs, rules and ways. */
  keyOf({ job, flow, from }: Copy): string {
    const rule = `${this.ruleKey(job, flow)} ${flow.source.kind === "tree"}`;
    return from ? `${rule} < ${this.keyOf(from)}` : rule;
  }

  private ruleKey(job: Job, { retention }: Flow): string {
    const runs = this.timeline.alike.idOf(this.timeline.runsOf(job));
    return `${runs} ${job.trigger.zone} ${JSON.stringify(retention)}`;
  }

  private heldBy(copy: Copy): (run: number) => Held {
    const { startMs, endMs } = this.timeline.runsOf(copy.job);
    const keptRuns = keeper(copy.flow.retention, startMs, endMs, copy.job.trigger.zone);
    const found = copy.from
      ? this.broughtBy(copy.from, copy.flow.source.kind === "tree", startMs)
      : heldOf(startMs);
    return run => found(keptRuns(run));
  }

  /** What the runs of a copier have brought from another copy: in a tree all that was there, or else the newest. */
  private broughtBy(from: Copy, tree: boolean, startMs: readonly number[]): (kept: KeptRuns) => Held {
    const sourceRuns = this.timeline.runsOf(from.job);
    const atSource = this.after(from);
    const sourceAt = startMs.map(start => lastAtMost(sourceRuns.endMs, start));
    if (!tree) {
      return heldOf(sourceAt.map(run => (run < 0 ? undefined : atSource(run).newestMs)));
    }
    let latest: { key: string; older: readonly number[]; held: Held } | undefined;
    return kept => {
      const { older, first, last } = kept;
      // Runs that copied the same states of the source brought the same.
      const key = `${sourceAt[first]} ${sourceAt[last]}`;
      if (latest?.key === key && latest.older === older) return latest.held;
      const states = new Set(runsOf(kept).map(run => sourceAt[run] ?? -1));
      states.delete(-1);
      const [only] = states;
      const held =
        states.size === 1 && only !== undefined
          ? atSource(only)
          : union([...states].map(run => atSource(run).list()));
      latest = { key, older, held };
      return held;
    };
  }
}

/**
 * Generations of runs that each brought one.
 * @param readMs when the data of each run's was read, never earlier than the one before; undefined while there was none
 */
function heldOf(readMs: readonly (number | undefined)[]): (kept: KeptRuns) => Held {
  // How many there are up to each run: two runs may have brought the same.
  let different = 0;
  const upTo = readMs.map((read, run) =>
    read !== undefined && read !== readMs[run - 1] ? ++different : different,
  );
  return ({ older, first, last }) => {
    const oldOnes = new Set(older.map(run => readMs[run]));
    oldOnes.delete(undefined);
    oldOnes.delete(readMs[first]);
    const [oldestOfOld] = oldOnes;
    const before = readMs[first] === undefined ? 0 : 1;
    const list = (): number[] => {
      const all: number[] = [];
      for (const run of runsOf({ older, first, last })) {
        const read = readMs[run];
        if (read !== undefined && read !== all.at(-1)) all.push(read);
      }
      return all;
    };
    return {
      count: oldOnes.size + (upTo[last] ?? 0) - (upTo[first] ?? 0) + before,
      oldestMs: oldestOfOld ?? readMs[first] ?? list()[0],
      newestMs: readMs[last],
      list,
    };
  };
}

/** Ascending. */
function runsOf({ older, first, last }: KeptRuns): number[] {
  const all = [...older];
  for (let run = first; run <= last; run++) all.push(run);
  return all;
}

/** Those of states that follow one another: what was read before the newest of one state is in it, or gone for good. */
function union(states: readonly (readonly number[])[]): Held {
  const all: number[] = [];
  for (const state of states) {
    const newestMs = all.at(-1) ?? -Infinity;
    for (let next = countUntil(state, readMs => readMs <= newestMs); next < state.length; next++)
      all.push(state[next] ?? 0);
  }
  return { count: all.length, oldestMs: all[0], newestMs: all.at(-1), list: () => all };
}

/** Index of the last number that isn't above a limit, or -1. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  return countUntil(sorted, number => number <= limit) - 1;
}
