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
  readonly growthPerDayBytes: number;
  /** Datasets of unknown size that it didn't hold before. */
  readonly unsized: readonly string[];
}

/** Stores that differ between two plans, in the order of the later one; those that it lacks come last. */
export function capacityDelta(before: Plan, after: Plan): StoreDelta[] {
  const [old, current] = [byName(before), byName(after)];
  return [...new Set([...current.keys(), ...old.keys()])].flatMap(name => {
    const [was, is] = [old.get(name), current.get(name)];
    const { kind } = is ?? was ?? { kind: "filesystem" };
    const needBytes = (is?.needBytes ?? 0) - (was?.needBytes ?? 0);
    const growthPerDayBytes = (is?.growthPerDayBytes ?? 0) - (was?.growthPerDayBytes ?? 0);
    const unsized = (is?.unsized ?? []).filter(dataset => !was?.unsized.includes(dataset));
    const isSame = was && is && needBytes === 0 && growthPerDayBytes === 0 && was.sizeBytes === is.sizeBytes;
    if (isSame && unsized.length === 0) return [];
    return [
      {
        name,
        kind,
        ...(was ? { before: was } : {}),
        ...(is ? { after: is } : {}),
        needBytes,
        growthPerDayBytes,
        unsized,
      },
    ];
  });
}

function byName(plan: Plan): Map<string, Store> {
  return new Map(storesOf(plan).map(store => [store.name, store]));
}

/**
 * Whole days until a store is full, if its datasets and their copies grow as the estate says: 0 when it is already,
 * nothing when it never is, or when the estate doesn't say how large all is that it holds.
 */
export function daysToFull({
  needBytes,
  usableBytes,
  growthPerDayBytes,
  unsized,
}: Store): number | undefined {
  if (needBytes >= usableBytes) return 0;
  if (unsized.length > 0) return undefined;
  return growthPerDayBytes > 0 ? Math.floor((usableBytes - needBytes) / growthPerDayBytes) : undefined;
}
