import { z } from "zod";
import { keepPolicy } from "./keep-policy";
import { jobMetrics, partMetric, tookMetric } from "./metric";
import { absolutePath, credentialName, credentialsDir, runnerFields, timeZone } from "./runner";

const percent = z.number().min(1).max(100);
const limits = z.strictObject({ dataPercent: percent, metadataPercent: percent });

/** The name that operators know; a host has one job of it. */
export const snapshotJobName = "lvm-pvc-snapshot";

/** What the runner `lvm-pvc-snapshot` reads from its release's config.json. Times in ms. */
export const lvmPvcSnapshotConfig = z.strictObject({
  job: z.literal(snapshotJobName),
  ...runnerFields,
  /** IANA zone in which the retention counts days and weeks. */
  zone: timeZone,
  /** LVM volume group, thin pool, and glob of the volumes' names. */
  vg: z.string().min(1),
  pool: z.string().min(1),
  pattern: z.string().min(1),
  excludeNamespaces: z.array(z.string()),
  keep: keepPolicy,
  /** How full the pool may be: from `thinOut` on, old snapshots go before their time; from `decline` on, no new one is made. */
  guard: z.strictObject({ thinOut: limits, decline: limits }),
  credentialsDir,
  /** Credential with a kubeconfig as JSON. Absent: no cluster, every volume is covered and called after itself. */
  kubeconfig: credentialName.optional(),
  /** The same for a restore, which scales workloads; only a run by hand reads it. */
  restoreKubeconfig: credentialName.optional(),
  /** Textfile with the restores that have not ended. */
  restoresTextfile: absolutePath,
});
export type LvmPvcSnapshotConfig = z.infer<typeof lvmPvcSnapshotConfig>;

/** Names that the reference system's operators know. */
export const snapshotMetricNames = {
  created: "lvm_snapshot_created_total",
  failed: "lvm_snapshot_failed_total",
  pruned: "lvm_snapshot_pruned_total",
  poolFree: "lvm_snapshot_thinpool_free_pct",
  metadataFree: "lvm_snapshot_thinpool_metadata_free_pct",
  recordsFree: "lvm_snapshot_vg_metadata_free_pct",
  volumes: "lvm_snapshot_volumes",
} as const;

/**
 * A restore that was cut short leaves its workload scaled to nothing, and maybe no volume: it has a series until it is gone on
 * with or rolled back.
 */
export const unfinishedRestoreMetric = partMetric(
  "restores",
  "lvm_snapshot_unfinished_restore_begun_timestamp",
  "When a restore began that has not ended, epoch seconds",
  ["volume", "snapshot"],
);

const other = <const Name extends string>(name: Name, help: string) =>
  ({ name, help, emitted: "any-end", meaning: "other" }) as const;

export const lvmPvcSnapshotMetrics = jobMetrics("lvm_snapshot", [
  tookMetric("lvm_snapshot"),
  other(snapshotMetricNames.created, "Snapshots that the last run made"),
  {
    ...other(
      snapshotMetricNames.failed,
      "Volumes that the last run has no new snapshot of, missing ones too",
    ),
    well: 0,
  },
  other(snapshotMetricNames.pruned, "Snapshots that the last run removed"),
  other(snapshotMetricNames.poolFree, "Free data space of the pool, percent"),
  other(snapshotMetricNames.metadataFree, "Free metadata space of the pool, percent"),
  other(
    snapshotMetricNames.recordsFree,
    "Free place for LVM's records of the volume group's volumes, before expired snapshots go, percent",
  ),
  other(snapshotMetricNames.volumes, "Volumes that are covered, missing ones too"),
]);
