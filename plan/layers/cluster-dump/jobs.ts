import { datasetId } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { LayerJob, Metric } from "../../job";
import { retentionOf } from "../../retention";
import { blanks, phrase } from "../../way-back";
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
        wayBack: {
          steps: [
            {
              kind: "manual",
              where: target.machine,
              text: phrase`by hand, as this version only plans this job: with the database's own client, from the newest good dump in ${blanks.from}; CronJob ${spec.name} in ${spec.namespace} makes dumps and restores none`,
              changes: "the database has what it had when the dump began",
              undo: "a dump of the database, made before; nothing else keeps what it has now",
              verifies: "the client ends with 0, and what uses the database finds its newest entries",
            },
          ],
        },
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
