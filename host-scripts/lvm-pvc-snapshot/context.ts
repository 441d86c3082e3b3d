import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import type { JobRun } from "../runtime/job-run";
import type { VolumeMap } from "../runtime/kubernetes/volume-map";
import type { LogicalVolume } from "../runtime/lvm/listing";
import type { PoolStatus } from "../runtime/lvm/pool-status";
import { ownSnapshots } from "../runtime/lvm/snapshots";
import type { Standing } from "./standing";

/** One run, filled by its phases. */
export interface SnapshotRun extends JobRun<LvmPvcSnapshotConfig> {
  /** Set by the phase `discover`. */
  found?: Found;
  /** As it was read last. */
  poolStatus?: PoolStatus;
  /** This run's snapshots, by the volume that they were made of. */
  readonly created: Map<string, Standing>;
  /** Snapshots that this run removed. */
  readonly removed: Set<string>;
  /** Why a volume has no new snapshot. */
  readonly failed: Map<string, string>;
}

/** What the phase `discover` found. */
export interface Found {
  readonly volumes: readonly LogicalVolume[];
  readonly map: VolumeMap;
  /** Volumes that get a snapshot. */
  readonly covered: readonly LogicalVolume[];
  /** Snapshots that a restore, which has not ended, is made of; unknown when its record can't be read. */
  readonly restored: ReadonlySet<string> | "unknown";
}

/** How an operator calls a volume: by its claim, where that is known. */
export function volumeLabel(map: VolumeMap, volume: string): string {
  const claim = map.get(volume);
  return claim ? `${volume} (${claim.namespace}/${claim.name})` : volume;
}

/** Our snapshots as they are by now, by the volume that they were made of, in the order in which they were made. */
export function standingSnapshots(run: SnapshotRun, found: Found): Map<string, Standing[]> {
  const standing = new Map<string, Standing[]>();
  for (const [origin, snapshots] of ownSnapshots(found.volumes)) {
    const left = snapshots.filter(({ volume }) => !run.removed.has(volume.name));
    if (left.length > 0)
      standing.set(
        origin,
        left.map(({ volume, madeMs }) => ({
          ...{ name: volume.name, origin, madeMs, order: volume.thinId ?? 0 },
          busy: whyBusy(volume, found),
        })),
      );
  }
  for (const [origin, snapshot] of run.created)
    standing.set(origin, [...(standing.get(origin) ?? []), snapshot]);
  return standing;
}

/** Why a snapshot can't go for now. */
function whyBusy(snapshot: LogicalVolume, { volumes, restored }: Found): string | undefined {
  if (restored === "unknown") return "it isn't known whether a restore of it has ended";
  if (restored.has(snapshot.name)) return "a restore of it has not ended";
  if (snapshot.open) return "it is open";
  const user = volumes.find(
    ({ origin, tags }) => origin === snapshot.name && tags.includes("holdfast.scratch"),
  );
  return user && `${user.name} is being read`;
}
