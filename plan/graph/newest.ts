import { countUntil } from "../ascending";
import type { Versions } from "./versions";

/** The newest version that several ways have brought: the first `count` entries of each array, ascending in both times. */
export interface Newest {
  readonly count: number;
  /** When it became the newest one. */
  readonly availableMs: Float64Array;
  readonly readMs: Float64Array;
  /** Index of the way that brought it; of two that bring the same at one instant, the first. */
  readonly way: Uint32Array;
}

/**
 * What the newest of several copies is, by the versions that the way of each has brought: from the one that is there at
 * `fromMs` to the last that comes before `toMs`. Merges one way after the other and keeps only what is newer than all before it, so that its time grows with the
 * versions and not with their number times that of the ways.
 */
export function newestOver(ways: readonly Versions[], fromMs: number, toMs: number): Newest {
  let newest: Newest = none(0);
  for (const [index, { availableMs, readMs }] of ways.entries()) {
    // What came before the last one that is there can't be the newest any more.
    const first = Math.max(0, countUntil(availableMs, ms => ms <= fromMs) - 1);
    const end = countUntil(availableMs, ms => ms < toMs);
    newest = merged(newest, availableMs, readMs, index, first, end);
  }
  return newest;
}

function none(capacity: number) {
  return {
    count: 0,
    availableMs: new Float64Array(capacity),
    readMs: new Float64Array(capacity),
    way: new Uint32Array(capacity),
  };
}

/** Those of `before` and the versions from `first` up to `end` of one more way. */
function merged(
  before: Newest,
  availableMs: readonly number[],
  readMs: readonly number[],
  way: number,
  first: number,
  end: number,
): Newest {
  const all = none(before.count + Math.max(0, end - first));
  let newestMs = -Infinity;
  const take = (atMs: number, versionMs: number, from: number): void => {
    if (versionMs <= newestMs) return;
    newestMs = versionMs;
    all.availableMs[all.count] = atMs;
    all.readMs[all.count] = versionMs;
    all.way[all.count] = from;
    all.count++;
  };
  for (let [old, next] = [0, first]; old < before.count || next < end;) {
    const oldMs = old < before.count ? (before.availableMs[old] ?? Infinity) : Infinity;
    const nextMs = next < end ? (availableMs[next] ?? Infinity) : Infinity;
    if (oldMs <= nextMs) {
      take(oldMs, before.readMs[old] ?? 0, before.way[old] ?? 0);
      old++;
    } else {
      take(nextMs, readMs[next] ?? 0, way);
      next++;
    }
  }
  return all;
}
