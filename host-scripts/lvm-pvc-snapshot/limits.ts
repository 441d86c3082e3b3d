import type { PoolStatus } from "../runtime/lvm/pool-status";
import type { SnapshotRun } from "./context";

/** Which figure of a pool has reached its limit; when both have, the one that matters more. */
export interface OverLimit {
  readonly what: "data" | "metadata";
  readonly percent: number;
  readonly limit: number;
}

type Limits = SnapshotRun["config"]["guard"]["decline"];

/** Metadata first: a pool without any can't even be thinned out. */
export function overLimit(status: PoolStatus, limits: Limits): OverLimit | undefined {
  const { dataPercent, metadataPercent } = status;
  if (metadataPercent >= limits.metadataPercent)
    return { what: "metadata", percent: metadataPercent, limit: limits.metadataPercent };
  if (dataPercent >= limits.dataPercent)
    return { what: "data", percent: dataPercent, limit: limits.dataPercent };
  return undefined;
}

/** The limit that is to be reached: the one from which on no snapshot is made, and below it the lower one. */
export function limitAhead({ config }: SnapshotRun, status: PoolStatus): OverLimit | undefined {
  return overLimit(status, config.guard.decline) ?? overLimit(status, config.guard.thinOut);
}

export function percentText(percent: number): string {
  return `${percent.toFixed(1)} %`;
}
