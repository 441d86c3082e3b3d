import { datasetsOf } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { Flow, Job, Metric, Source } from "../../job";
import { type Retention, retentionOf } from "../../retention";
import { runOf, timerTrigger } from "../common";
import { hostLocation } from "../places";
import type { DailyBackupSpec } from "./spec";

const jobName = "daily-backup";

/** One job for each host with a backup disk. */
export function dailyBackupJobs(estate: Estate): Job[] {
  return estate.layers["daily-backup"].map(spec => dailyBackupJob(spec, estate));
}

function dailyBackupJob(spec: DailyBackupSpec, estate: Estate): Job {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const flows = flowsOf(spec, estate);
  return {
    name: jobName,
    layer: "daily-backup",
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...runOf(spec, trigger, estate),
    flows,
    deletes: flows
      .filter(flow => flow.retention.kind !== "latest")
      .map(flow => ({ location: flow.target, keeps: [], scope: "own-generations" })),
    metricsJob: jobName,
    metrics,
    credentials: [],
    files: [],
    units: [],
  };
}

function flowsOf(spec: DailyBackupSpec, estate: Estate): Flow[] {
  const flow = (
    source: Source,
    folder: string,
    retention: Retention,
    restore: string,
    secrets: string[] = [],
  ): Flow => ({
    source,
    target: hostLocation(estate, spec.host, `${spec.target}/${folder}`),
    retention,
    metadata: "kept",
    outOfHostsReach: false,
    verified: true,
    secrets,
    restore,
  });
  const files = "rsync -aHAXS --numeric-ids {from}/ {to}/";
  const volume = "rsync -aHAXS --numeric-ids {from}/ /mnt/restore/ # with the volume {to} mounted there";
  const flows: Flow[] = [];
  if (spec.volumes) {
    const { from, excludeNamespaces, keep } = spec.volumes;
    const source = { kind: "copies-of", job: from, excludeNamespaces } as const;
    flows.push(flow(source, "pvc-data", retentionOf(keep), volume));
    if (spec.sqlite)
      flows.push(
        flow(
          { ...source, holds: "sqlite" },
          "sqlite-backup",
          retentionOf(spec.sqlite.keep),
          "cp --archive {from}/. /mnt/restore/ # with the volume {to} mounted there",
        ),
      );
  }
  const datasets = datasetsOf(estate);
  for (const firewall of spec.firewalls)
    for (const dataset of datasets)
      if (dataset.location.machine.kind === "firewall" && dataset.location.machine.name === firewall.name)
        flows.push(
          flow(
            { kind: "dataset", id: dataset.id },
            firewall.name,
            retentionOf(firewall.keep),
            "restore config.xml of {from} in the firewall's Diagnostics, Backup & Restore",
          ),
        );
  if (spec.configuration)
    for (const dataset of datasets)
      if (dataset.kind === "configuration" && dataset.location.machine.name === spec.host)
        flows.push(
          flow(
            { kind: "dataset", id: dataset.id },
            "pve-config",
            retentionOf(spec.configuration.keep),
            files,
          ),
        );
  return flows;
}

const metrics: readonly Metric[] = [
  {
    name: "daily_backup_last_run_timestamp",
    help: "End of the last run, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "daily_backup_last_status",
    help: "0 after a success, the exit code after a failure",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: "daily_backup_bytes_synced",
    help: "Bytes that the last successful run copied",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: "daily_backup_last_success_timestamp",
    help: "End of the last successful run, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
];
