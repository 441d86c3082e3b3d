import type { Estate } from "../../estate/schema";
import type { LayerJob, Metric } from "../../job";
import { runOf, timerTrigger } from "../common";
import type { NfsChangeTrackerSpec } from "./spec";

/** The unit's name on the host. */
export const changeTrackerJobName = "nfs-change-tracker";

export function nfsChangeTrackerJob(spec: NfsChangeTrackerSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  return {
    name: changeTrackerJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...runOf(spec, trigger, estate),
    flows: [],
    deletes: [],
    journal: { kind: "watches", folders: spec.watches },
    metricsJob: changeTrackerJobName,
    metrics,
    alerts: [],
    credentials: [],
    deployment: { kind: "planned" },
  };
}

const metrics: readonly Metric[] = [
  {
    name: "nfs_change_tracker_last_run_timestamp",
    help: "Last heartbeat, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "nfs_change_tracker_last_status",
    help: "0 while every watch stands, 1 after an overflow or a lost watch",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: "nfs_change_tracker_last_success_timestamp",
    help: "Last heartbeat with every watch standing, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
];
