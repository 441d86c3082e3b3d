import { datasetId } from "../../datasets";
import type { Estate } from "../../estate/schema";
import {
  clusterDumpMetricNames,
  clusterDumpMetrics,
  databaseSuccessMetric,
} from "../../contracts/cluster-dump";
import type { Judgement, JobAlert, LayerJob } from "../../job";
import { retentionOf } from "../../retention";
import { blanks, phrase } from "../../way-back";
import { cronTrigger, runOf } from "../common";
import { secretCredential } from "../host-runner";
import { hostLocation } from "../places";
import { deploymentOf } from "./pod";
import type { ClusterDumpSpec } from "./spec";

export function clusterDumpJob(spec: ClusterDumpSpec, estate: Estate): LayerJob {
  const trigger = cronTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const target = hostLocation(estate, spec.target.host, spec.target.path);
  return {
    name: spec.name,
    runsOn: { kind: "cluster", name: spec.cluster },
    host: spec.cluster,
    trigger,
    ...run,
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
              text: spec.dump
                ? phrase`by hand, from the newest good dump in ${blanks.from} (the .json beside each says of when it is): docs/layers/cluster-dump.md, "Restore"; CronJob ${spec.name} in ${spec.namespace} makes dumps and restores none`
                : phrase`by hand, as this version only plans this job: with the database's own client, from the newest good dump in ${blanks.from}; CronJob ${spec.name} in ${spec.namespace} makes dumps and restores none`,
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
    // Another program's dump tells what the reference has, and no more.
    metrics: spec.dump
      ? [...clusterDumpMetrics, databaseSuccessMetric]
      : clusterDumpMetrics.filter(({ meaning }) => meaning !== "other"),
    alerts: spec.dump ? alertsOf(spec, run.judged) : [],
    credentials: spec.dump ? [secretCredential(spec.dump.secret)] : [],
    deployment: deploymentOf(spec, estate, trigger, run),
  };
}

/** A run can succeed in all but one database night after night, and one that was dropped is in no run any more. */
function alertsOf({ name, target }: ClusterDumpSpec, { staleAfterMs }: Judgement): JobAlert[] {
  return [
    {
      name: "DatabaseDumpStale",
      metric: clusterDumpMetricNames.databaseSuccess,
      fires: { kind: "older", thanMs: staleAfterMs },
      summary: `${name} has had no good dump of database "{{ $labels.database }}" for {{ $value | humanizeDuration }}, the limit is ${Math.round(staleAfterMs / 1000)} s. If it was dropped on purpose: its dumps are in ${target.path} of ${target.host}, and are told of for as long as they are there`,
    },
  ];
}
