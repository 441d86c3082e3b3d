import type { Facts, Snapshot } from "./nas-snapshots";
import type { Memory } from "./memory";

const dayMs = 86_400_000;

/** What isn't filling, or will be full in more than that, is full in ten years. */
export const farDays = 3_650;

/**
 * Whether a look tells of more room than will be used soon: btrfs frees blocks long after a snapshot is gone. Where as many came as went,
 * as each day once the oldest are of full age, all looks are alike in that, and what grows between them is growth.
 */
export function isCleaning(before: readonly Snapshot[], now: readonly Snapshot[]): boolean {
  const lacking = (some: readonly Snapshot[], others: readonly Snapshot[]): number => {
    const names = new Set(others.map(({ name }) => name));
    return some.filter(({ name }) => !names.has(name)).length;
  };
  return lacking(before, now) > lacking(now, before);
}

/** How far back growth is looked for, and over which time it has to be seen. */
const windowMs = 21 * dayMs;
const leastMs = 2 * dayMs;

/**
 * Days until the volume is full; undefined until there are looks of two days.
 *
 * Growth is the median of the slopes between all pairs of looks, which sees what comes once a week too, or of those between neighbours
 * where that is more: the step by which a deletion frees room hides no growth. It errs on the early side. While snapshots are younger than they are kept, they pin more each day than they let go: what they will
 * hold once the oldest is of full age is taken from what is free.
 */
export function daysToFull(
  used: Memory["used"],
  { volume, snapshots, pinnedBytes }: Pick<Facts, "volume" | "snapshots" | "pinnedBytes">,
  nowMs: number,
  keepMs: number | undefined,
): number | undefined {
  const seen = used.filter(({ atMs }) => nowMs - atMs <= windowMs);
  const [first] = seen;
  const last = seen.at(-1);
  if (!volume || !first || !last || last.atMs - first.atMs < leastMs) return undefined;
  const perDay = Math.max(medianSlope(seen, seen.length), medianSlope(seen, 1)) * dayMs;
  const [oldest] = snapshots;
  const spanMs = oldest ? Math.max(dayMs, nowMs - oldest.atMs) : dayMs;
  const toBePinned = keepMs === undefined ? 0 : (pinnedBytes ?? 0) * Math.max(0, keepMs / spanMs - 1);
  const room = Math.max(0, volume.freeBytes - toBePinned);
  if (perDay <= 0) return room === 0 ? 0 : farDays;
  return Math.min(farDays, room / perDay);
}

/** @param reach how many looks a pair may be apart */
function medianSlope(points: Memory["used"], reach: number): number {
  const slopes = points
    .flatMap((from, index) =>
      points
        .slice(index + 1, index + 1 + reach)
        .filter(to => to.atMs > from.atMs)
        .map(to => (to.bytes - from.bytes) / (to.atMs - from.atMs)),
    )
    .sort((a, b) => a - b);
  const middle = slopes.length / 2;
  const at = (index: number): number => slopes[Math.floor(index)] ?? 0;
  return slopes.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}
