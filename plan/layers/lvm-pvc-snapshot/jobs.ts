import type { Estate } from "../../estate/schema";
import type { Job, Metric } from "../../job";
import { retentionOf } from "../../retention";
import { runOf, timerTrigger } from "../common";
import { poolLocation } from "../places";
import type { LvmPvcSnapshotSpec } from "./spec";

const jobName = "lvm-pvc-snapshot";

/** One job for each pool whose volumes are snapshotted. */
export function lvmPvcSnapshotJobs(estate: Estate): Job[] {
  return estate.layers["lvm-pvc-snapshot"].map(spec => lvmPvcSnapshotJob(spec, estate));
}

function lvmPvcSnapshotJob(spec: LvmPvcSnapshotSpec, estate: Estate): Job {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const snapshots = poolLocation(estate, spec.host, spec.pool, "snapshots");
  return {
    name: jobName,
    layer: "lvm-pvc-snapshot",
    runsOn: snapshots.machine,
    host: spec.host,
    trigger,
    ...runOf(spec, trigger, estate),
    flows: [
      {
        source: {
          kind: "volumes",
          host: spec.host,
          pool: spec.pool,
          excludeNamespaces: spec.excludeNamespaces,
        },
        target: snapshots,
        retention: retentionOf(spec.keep),
        metadata: "kept",
        outOfHostsReach: false,
        verified: true,
        secrets: [],
        restore: "lvm-pvc-snapshot restore {to} {from}",
      },
    ],
    deletes: [{ location: snapshots, keeps: [], scope: "own-generations" }],
    metricsJob: jobName,
    metrics,
    credentials: [],
    files: [],
    units: [],
  };
}

const metrics: readonly Metric[] = [
  {
    name: "lvm_snapshot_last_run_timestamp",
    help: "End of the last run, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "lvm_snapshot_last_status",
    help: "0 after a success, the exit code after a failure",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: "lvm_snapshot_last_success_timestamp",
    help: "End of the last successful run, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
  { name: "lvm_snapshot_created_total", help: "Snapshots made", emitted: "any-end", meaning: "other" },
  {
    name: "lvm_snapshot_failed_total",
    help: "Volumes without a new snapshot",
    emitted: "any-end",
    meaning: "other",
  },
  { name: "lvm_snapshot_pruned_total", help: "Snapshots removed", emitted: "any-end", meaning: "other" },
  {
    name: "lvm_snapshot_thinpool_free_pct",
    help: "Free data space of the pool",
    emitted: "any-end",
    meaning: "other",
  },
];
