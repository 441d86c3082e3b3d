import { hostname } from "node:os";
import { snapshotRecordBytes } from "../../plan/contracts/lvm-records";
import type { PoolStatus } from "../runtime/lvm/pool-status";
import type { Records } from "../runtime/lvm/records";
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

/** What LVM calls free is up to two of its sectors more than it takes. */
const unsureBytes = 1024;

/** Whether there is place for LVM's records of so many further snapshots. */
export function hasPlaceFor(count: number, { freeBytes }: Records): boolean {
  return freeBytes - unsureBytes >= count * (snapshotRecordBytes + hostname().length);
}

/** How much of the place for LVM's records is free. */
export function freePercent({ sizeBytes, freeBytes }: Records): number {
  return (100 * freeBytes) / sizeBytes;
}
