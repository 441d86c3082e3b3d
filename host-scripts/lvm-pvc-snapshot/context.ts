import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import type { JobRun } from "../runtime/job-run";
import type { VolumeMap } from "../runtime/kubernetes/volume-map";
import type { MissingVolume } from "../runtime/lvm/covered";
import type { LogicalVolume } from "../runtime/lvm/listing";
import type { PoolStatus } from "../runtime/lvm/pool-status";
import type { Records } from "../runtime/lvm/records";
import type { UnfinishedRestores } from "../runtime/lvm/restore-record";
import { type ExistingSnapshot, existingIn } from "../runtime/lvm/existing";
import type { Trials } from "./trials";

/** One run, filled by its phases. */
export interface SnapshotRun extends JobRun<LvmPvcSnapshotConfig> {
  /** Set by the phase `discover`. */
  found?: Found;
  /** As it was read last. */
  poolStatus?: PoolStatus;
  /** As it was read last: when there are most snapshots, once the run has come that far. */
  records?: Records | undefined;
  /** This run's snapshots, by the volume that they were made of. */
  readonly created: Map<string, ExistingSnapshot>;
  /** Snapshots that this run removed. */
  readonly removed: Set<string>;
  /** How many of each volume went as they had expired. */
  readonly expired: Map<string, number>;
  /** What was done because the pool is near its limits. */
  readonly thinning: Thinning;
  /** Why a volume has no new snapshot. */
  readonly failed: Map<string, string>;
}

export function newRun(run: JobRun<LvmPvcSnapshotConfig>): SnapshotRun {
  return {
    ...{ ...run, created: new Map(), removed: new Set(), expired: new Map(), failed: new Map() },
    thinning: { gone: [], freed: [], early: [], seen: [] },
  };
}

export interface Thinning {
  /** Snapshots that went, in their order. */
  readonly gone: ExistingSnapshot[];
  /** What each of them freed, in percent of the pool; less than nothing where guests wrote more meanwhile. */
  readonly freed: Freed[];
  /** Those of them that the policy still keeps. */
  readonly early: ExistingSnapshot[];
  /** How full the pool was before the first one and after each. */
  readonly seen: PoolStatus[];
  /** What removals of earlier nights freed, as far as that still counts. */
  trials?: Trials | undefined;
  /** Why no more go, though the pool is still over its limit; what else is kept is kept from then on. */
  stopped?: string | undefined;
}

export interface Freed {
  readonly origin: string;
  readonly data: number;
  readonly metadata: number;
}

/** What the phase `discover` found. */
export interface Found {
  readonly volumes: readonly LogicalVolume[];
  readonly map: VolumeMap;
  /** Volumes that get a snapshot. */
  readonly covered: readonly LogicalVolume[];
  /** Volumes that were covered, are not there, and aren't said to be gone. */
  readonly missing: readonly MissingVolume[];
  readonly unfinished: UnfinishedRestores;
}

/** How an operator calls a volume: by its claim, where that is known. */
export function volumeLabel(map: VolumeMap, volume: string): string {
  const claim = map.get(volume);
  return claim ? `${volume} (${claim.namespace}/${claim.name})` : volume;
}

/** Our snapshots as they are by now, by the volume that they were made of, in the order in which they were made. */
export function existingSnapshots(run: SnapshotRun, found: Found): Map<string, ExistingSnapshot[]> {
  const existing = new Map<string, ExistingSnapshot[]>();
  for (const [origin, snapshots] of existingIn(found.volumes, found.unfinished.restored)) {
    const left = snapshots.filter(({ name }) => !run.removed.has(name));
    if (left.length > 0) existing.set(origin, left);
  }
  for (const [origin, snapshot] of run.created)
    existing.set(origin, [...(existing.get(origin) ?? []), snapshot]);
  return existing;
}
