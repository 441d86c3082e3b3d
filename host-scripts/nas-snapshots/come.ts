import type { Snapshot } from "./nas-snapshots";

/** A NAS whose clock is off by more removes snapshots at the wrong age, and dates them wrongly. */
export const mostSkewMs = 5 * 60_000;

/** Those whose time has come: one that a wrong clock has dated ahead is the newest for nobody. @param nasMs the NAS's clock */
export function comeBy(snapshots: readonly Snapshot[], nasMs: number): Snapshot[] {
  return snapshots.filter(({ atMs }) => atMs <= nasMs + mostSkewMs);
}
