import { countUntil } from "../ascending";
import { localTimes } from "../calendar/time-zone";
import type { Retention, Tier } from "../retention";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Runs whose generations are still there, as indexes of runs: some older ones, and all from `first` up to `last`. */
export interface KeptRuns {
  /** Ascending, before `first`; the same array as long as it holds the same. */
  readonly older: readonly number[];
  readonly first: number;
  readonly last: number;
}

const noneOlder: readonly number[] = [];

/**
 * The runs whose generations are still there after a run. A span needs no list, and what periods keep changes when one
 * begins: a job that runs each minute is asked for all of its runs.
 */
export function keeper(
  retention: Retention,
  startMs: readonly number[],
  endMs: readonly number[],
  zone: string,
): (run: number) => KeptRuns {
  switch (retention.kind) {
    case "latest":
      return run => ({ older: noneOlder, first: run, last: run });
    case "age": {
      let young = 0;
      return run => {
        const limitMs = (endMs[run] ?? 0) - retention.ms;
        // Most ask for one run after the other.
        if ((endMs[young - 1] ?? -Infinity) >= limitMs) young = 0;
        while ((endMs[young] ?? Infinity) < limitMs) young++;
        const first = Math.max(0, Math.min(young, run, run + 1 - retention.atLeast));
        return { older: noneOlder, first, last: run };
      };
    }
    case "count":
      return keeperOfTiers([retention], startMs, zone);
    case "tiers":
      return keeperOfTiers(retention.tiers, startMs, zone);
  }
}

/** Each run is the newest of its own hour, day, week and month, and of the last run of all. */
function keeperOfTiers(
  tiers: readonly Tier[],
  startMs: readonly number[],
  zone: string,
): (run: number) => KeptRuns {
  const newest = Math.max(1, ...tiers.filter(({ every }) => every === "run").map(({ count }) => count));
  const ofPeriods = olderByPeriods(tiers, startMs, zone);
  let cut = { first: -1, from: noneOlder, older: noneOlder };
  return run => {
    const first = Math.max(0, run + 1 - newest);
    const kept = ofPeriods(run);
    if (cut.from !== kept || (cut.first !== first && (kept.at(-1) ?? -1) >= Math.min(cut.first, first))) {
      const before = countUntil(kept, earlier => earlier < first);
      cut = { first, from: kept, older: before === kept.length ? kept : kept.slice(0, before) };
    }
    return { older: cut.older, first, last: run };
  };
}

/** The last runs of earlier periods that any of the tiers wants, ascending. */
function olderByPeriods(
  tiers: readonly Tier[],
  startMs: readonly number[],
  zone: string,
): (run: number) => readonly number[] {
  const local = tiers.some(({ every }) => every !== "run") ? localTimes(startMs, zone) : [];
  const byTier = tiers.flatMap(({ count, every }) =>
    every === "run" ? [] : [{ count, ends: lastOfPeriods(local.map(atMs => periodOf(atMs, every))) }],
  );
  let known = { places: [] as number[], kept: noneOlder };
  return run => {
    const places = byTier.map(({ ends }) => countUntil(ends, end => end < run));
    if (places.some((place, index) => place !== known.places[index])) {
      const kept = byTier.flatMap(({ count, ends }, index) =>
        ends.slice(Math.max(0, (places[index] ?? 0) - (count - 1)), places[index]),
      );
      known = { places, kept: [...new Set(kept)].sort((a, b) => a - b) };
    }
    return known.kept;
  };
}

/** The last run of each period but the last one. */
function lastOfPeriods(periods: readonly number[]): number[] {
  return periods.flatMap((period, run) =>
    run + 1 < periods.length && periods[run + 1] !== period ? [run] : [],
  );
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
