import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import type { KnownVolumes } from "../runtime/kubernetes/volume-map";
import { type Absence, absenceOf, readCovered } from "../runtime/lvm/covered";
import { readForgotten } from "../runtime/lvm/forgotten";
import type { LogicalVolume } from "../runtime/lvm/listing";
import type { RestoreRecord } from "../runtime/lvm/restore-record";
import { globMatcher, liveVolumes, ownSnapshots } from "../runtime/lvm/snapshots";

/** What this job has covered and is not there. Reads only. */
export function lookForMissing(
  config: LvmPvcSnapshotConfig,
  volumes: readonly LogicalVolume[],
  { map, isCurrent }: KnownVolumes,
  restores: readonly RestoreRecord[],
): Absence {
  const { vg, pool, pattern, stateDir, excludeNamespaces } = config;
  const matches = globMatcher(pattern);
  const excluded = new Set(excludeNamespaces);
  return absenceOf({
    ...{ vg, covered: readCovered(stateDir), snapshots: ownSnapshots(volumes), map, isCurrent, restores },
    live: new Set(liveVolumes(volumes, pool, pattern).map(({ name }) => name)),
    forgotten: new Set(readForgotten(stateDir).keys()),
    isCovered: (volume, claim) => matches(volume) && !excluded.has(claim?.namespace ?? ""),
  });
}
