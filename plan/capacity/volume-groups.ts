import type { Plan } from "..";
import { snapshotRecordBytes } from "../contracts/lvm-records";
import type { Location } from "../job";
import { parseSize } from "../units/size";
import { sizesOf } from "./copy-size";
import { storeNames } from "./stores";

/** What LVM records of a volume, in bytes, beside the host's name; measured as that of a snapshot. */
const volumeRecordBytes = 342;

/** `vgs --units b -o vg_mda_size` after pvcreate(8) by itself. */
const usualMetadataBytes = 1_044_480;

/** Records of LVM's volumes, which all lie in one small place. Bytes. */
export interface VolumeGroup {
  readonly host: string;
  readonly vg: string;
  /** Pools of the estate that are in it, in its order. */
  readonly pools: readonly string[];
  /** Half of what there is: LVM writes what is new beside what is in force, and refuses what doesn't fit. */
  readonly sizeBytes: number;
  /** Of the estate's volumes, and of their snapshots when there are most of them: before a run removes what has expired. */
  readonly needBytes: number;
  readonly volumes: number;
  readonly snapshots: number;
}

/** Every volume group in which the estate has a thin pool. */
export function volumeGroupsOf(plan: Plan): VolumeGroup[] {
  const sizes = sizesOf(plan, "least");
  const storeName = storeNames(plan);
  const [volumesIn, snapshotsIn] = [new Map<string, number>(), new Map<string, number>()];
  const add = (counts: Map<string, number>, location: Location, count: number): void => {
    const name = storeName(location);
    counts.set(name, (counts.get(name) ?? 0) + count);
  };
  for (const { location, count } of plan.datasets) add(volumesIn, location, count);
  for (const copy of plan.copies)
    if (copy.flow.source.kind === "volumes")
      add(snapshotsIn, copy.location, copy.dataset.count * (sizes.generationsOf(copy) + 1));
  const groups = new Map<string, VolumeGroup>();
  for (const [host, { pools }] of Object.entries(plan.estate.hosts))
    for (const [pool, { vg, vgMetadata }] of Object.entries(pools)) {
      const [key, where] = [`${host}/${vg}`, `${host}/${pool}`];
      const before = groups.get(key);
      const volumes = (before?.volumes ?? 0) + (volumesIn.get(where) ?? 0);
      const snapshots = (before?.snapshots ?? 0) + (snapshotsIn.get(where) ?? 0);
      const metadataBytes = vgMetadata === undefined ? usualMetadataBytes : parseSize(vgMetadata);
      groups.set(key, {
        ...{ host, vg, volumes, snapshots },
        pools: [...(before?.pools ?? []), pool],
        sizeBytes: Math.max(before?.sizeBytes ?? 0, Math.floor(metadataBytes / 2)),
        needBytes:
          volumes * (volumeRecordBytes + host.length) + snapshots * (snapshotRecordBytes + host.length),
      });
    }
  return [...groups.values()];
}
