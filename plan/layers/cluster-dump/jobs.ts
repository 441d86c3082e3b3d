import { datasetId } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { LayerJob, Metric } from "../../job";
import { retentionOf } from "../../retention";
import { cronTrigger, runOf } from "../common";
import { hostLocation } from "../places";
import type { ClusterDumpSpec } from "./spec";

export function clusterDumpJob(spec: ClusterDumpSpec, estate: Estate): LayerJob {
  const trigger = cronTrigger(spec.schedule, estate.zone);
  const target = hostLocation(estate, spec.target.host, spec.target.path);
  return {
    name: spec.name,
    runsOn: { kind: "cluster", name: spec.cluster },
    host: spec.cluster,
    trigger,
    ...runOf(spec, trigger, estate),
    flows: [
      {
        source: { kind: "dataset", id: datasetId(spec.dataset) },
        target,
        retention: retentionOf(spec.keep),
        metadata: "kept",
        outOfHostsReach: false,
        verified: spec.verified,
        secrets: [],
        // Only the database's own program knows how it is read back, and no job of the cluster does: this one writes.
        restore: `# with the database's own client, from the newest good dump in {from}; CronJob ${spec.name} in ${spec.namespace} makes dumps and restores none`,
      },
    ],
    deletes: [{ location: target, keeps: [], scope: "own-generations" }],
    metricsJob: spec.name,
    metrics,
    alerts: [],
    credentials: [],
    deployment: { kind: "planned" },
  };
}

const metrics: readonly Metric[] = [
  {
    name: "backup_last_run_timestamp",
    help: "End of the last run, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "backup_last_status",
    help: "0 after a success, the exit code after a failure",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: "backup_last_success_timestamp",
    help: "End of the last successful run, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
  { name: "backup_bytes", help: "Size of the last good dump", emitted: "success", meaning: "bytes" },
];
