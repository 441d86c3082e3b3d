import type { Estate } from "../../estate/schema";
import type { LayerJob, Location, Metric } from "../../job";
import { blanks, phrase } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import { hostLocation } from "../places";
import type { OffsiteSyncSpec } from "./spec";

/** The unit's name on the host. */
export const offsiteSyncJobName = "offsite-sync-backup";

export function offsiteSyncJob(spec: OffsiteSyncSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const destination = estate.destinations[spec.destination];
  const at = (path: string): Location => ({ machine: { kind: "destination", name: spec.destination }, path });
  return {
    name: offsiteSyncJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...runOf(spec, trigger, estate),
    flows: spec.legs.map(leg => ({
      source: {
        kind: "tree",
        location: hostLocation(estate, spec.host, leg.from),
        excludes: leg.excludes,
        ...(leg.only === undefined ? {} : { only: leg.only.map(entry => entry.name) }),
      },
      target: at(leg.to),
      retention: { kind: "latest" },
      metadata: leg.metadata,
      outOfHostsReach: false,
      verified: true,
      secrets: destination?.secrets ?? [],
      wayBack: {
        steps: [
          {
            kind: "manual",
            where: { kind: "host", name: spec.host },
            text: "by hand, as this version only plans this job",
            argv: [
              ...["rsync", "-aHAXS", "--numeric-ids", [blanks.relative]],
              [`${destination?.user ?? ""}@${destination?.address ?? ""}:`, blanks.from, "/"],
              [blanks.to, "/"],
            ],
            changes: phrase`${blanks.to} has what was sent last; what isn't there any more is deleted by none of it`,
            undo: phrase`a copy of ${blanks.to}, made before; on a disk that is new there is nothing to go back to`,
            verifies:
              "rsync ends with 0, and says nothing when it runs again with --dry-run --itemize-changes",
          },
        ],
      },
    })),
    deletes: spec.legs.map(leg => ({ location: at(leg.to), keeps: [], scope: "whole-tree" })),
    journal: { kind: "reads" },
    metricsJob: "offsite-backup-sync",
    metrics,
    alerts: [],
    credentials: [],
    deployment: { kind: "planned" },
  };
}

const metrics: readonly Metric[] = [
  {
    name: "offsite_sync_last_run_timestamp",
    help: "End of the last run, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "offsite_sync_last_status",
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
  {
    name: "offsite_sync_bytes",
    help: "Bytes that the last successful run sent",
    emitted: "success",
    meaning: "bytes",
  },
];
