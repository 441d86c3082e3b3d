import type { Plan } from "..";
import { type Store, storesOf } from "./stores";

/** What an edit of the estate does to something that fills. Bytes. */
export interface StoreDelta {
  readonly name: string;
  readonly kind: Store["kind"];
  /** Absent for a store that the edit adds. */
  readonly before?: Store;
  /** Absent for a store that the edit removes. */
  readonly after?: Store;
  /** What is needed more (or less, negative) once every retention has filled up. */
  readonly needBytes: number;
  /** What is needed more at most, where the estates don't say how much changes. */
  readonly mostBytes: number;
  readonly growthPerDayBytes: number;
  /** Datasets of unknown size that it didn't hold before. */
  readonly unsized: readonly string[];
  /** Datasets of unknown growth that it didn't hold before. */
  readonly ungrown: readonly string[];
}

/** Stores that differ between two plans, in the order of the later one; those that it lacks come last. */
export function capacityDelta(before: Plan, after: Plan): StoreDelta[] {
  const [old, current] = [byName(before), byName(after)];
  return [...new Set([...current.keys(), ...old.keys()])].flatMap(name => {
    const [was, is] = [old.get(name), current.get(name)];
    const { kind } = is ?? was ?? { kind: "filesystem" };
    const needBytes = (is?.needBytes ?? 0) - (was?.needBytes ?? 0);
    const mostBytes = (is?.mostBytes ?? 0) - (was?.mostBytes ?? 0);
    const growthPerDayBytes = (is?.growthPerDayBytes ?? 0) - (was?.growthPerDayBytes ?? 0);
    const unsized = (is?.unsized ?? []).filter(dataset => !was?.unsized.includes(dataset));
    const ungrown = (is?.ungrown ?? []).filter(dataset => !was?.ungrown.includes(dataset));
    const grown = [needBytes, mostBytes, growthPerDayBytes, unsized.length, ungrown.length];
    if (was && is && was.sizeBytes === is.sizeBytes && grown.every(more => more === 0)) return [];
    return [
      {
        name,
        kind,
        ...(was ? { before: was } : {}),
        ...(is ? { after: is } : {}),
        ...{ needBytes, mostBytes, growthPerDayBytes, unsized, ungrown },
      },
    ];
  });
}

function byName(plan: Plan): Map<string, Store> {
  return new Map(storesOf(plan).map(store => [store.name, store]));
}

/** Whether the estate leaves out of what a store holds how large it is, how much of it changes, or how much it grows. */
export function isUnsaid({
  unsized,
  unchurned,
  ungrown,
}: Pick<Store, "unsized" | "unchurned" | "ungrown">): boolean {
  return unsized.length > 0 || unchurned.length > 0 || ungrown.length > 0;
}

/**
 * Whole days until a store is full, if its datasets and their copies grow as the estate says: 0 when it is already,
 * nothing when it never is, or when the estate doesn't say how large all is that it holds, how much of it changes or grows.
 */
export function daysToFull({
  needBytes,
  usableBytes,
  growthPerDayBytes,
  ...unsaid
}: Store): number | undefined {
  if (needBytes >= usableBytes) return 0;
  if (isUnsaid(unsaid)) return undefined;
  return growthPerDayBytes > 0 ? Math.floor((usableBytes - needBytes) / growthPerDayBytes) : undefined;
}
