import { type LvmPvcSnapshotConfig, unfinishedRestoreMetric } from "../../../plan/contracts/lvm-pvc-snapshot";
import type { Log } from "../../runtime/log";
import { lookForRestores } from "../../runtime/lvm/restore-record";
import { stampMs } from "../../runtime/lvm/snapshots";
import { family } from "../../runtime/metric-text";
import { tellPart } from "../../runtime/part-metrics";

/**
 * Tells which restores have not ended, and since when: by each restore as it begins and ends, and by each run of the job.
 * What its record says is told also when the process that wrote it is long dead.
 */
export async function tellUnfinished(
  config: LvmPvcSnapshotConfig,
  stop: AbortSignal,
  log: Log,
): Promise<void> {
  const { restores, fault } = lookForRestores(config.stateDir);
  const known = restores.map(({ volume, snapshot, stamp }) => ({
    labels: { volume, snapshot: snapshot.name },
    value: Math.floor(stampMs(stamp) / 1000),
  }));
  // Of a record that can't be read nobody knows since when: longer than any limit.
  const unread = fault ? [{ labels: { volume: "unknown", snapshot: "unknown" }, value: 0 }] : [];
  await tellPart(
    config,
    {
      families: [family(unfinishedRestoreMetric, [...known, ...unread])],
      textfile: config.restoresTextfile,
      what: "which restores have not ended",
    },
    stop,
    log,
  );
}
