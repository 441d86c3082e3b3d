import type { Memory } from "./memory";

/** A night reads as much at least. */
const leastBytes = 8 * 1024 ** 2;
/** What a file costs beside its bytes, in bytes that are read in that time: both ends look it up and open it. */
const openingBytes = 16 * 1024;

/** What the comparison of a file costs, in bytes. */
export function costOf(bytes: number): number {
  return bytes + openingBytes;
}

/**
 * How much of all a run compares, as the sum of `costOf` of its files. Two passes are made in a period, so that no file waits for
 * longer than that.
 * @param sinceMs time since the comparison went on last
 */
export function shareOf(parts: Memory["parts"], sinceMs: number, periodMs: number): number {
  const total = Object.values(parts).reduce(
    (sum, { entries, bytes }) => sum + bytes + entries * openingBytes,
    0,
  );
  return Math.max(leastBytes, (total * sinceMs) / (0.4 * periodMs));
}
