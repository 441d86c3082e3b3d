import type { Estate } from "../../estate/schema";
import type { LayerJob, Metric } from "../../job";
import { retentionOf } from "../../retention";
import { blanks, phrase } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import type { NasSnapshotsSpec } from "./spec";

export function nasSnapshotsJob(spec: NasSnapshotsSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const machine = { kind: "destination", name: spec.destination } as const;
  const destination = estate.destinations[spec.destination];
  const target = { machine, path: `${spec.share}/#snapshot` };
  const shares = estate.layers["nas-snapshots"].filter(other => other.destination === spec.destination);
  // Two shares of one NAS are two jobs, and told apart in metrics and alerts.
  const name = shares.length > 1 ? `nas-snapshots${slug(spec.share)}` : "nas-snapshots";
  return {
    name,
    runsOn: machine,
    host: spec.destination,
    trigger,
    ...runOf(spec, trigger, estate),
    flows: [
      {
        source: {
          kind: "tree",
          location: { machine, path: spec.share },
          excludes: [{ name: "#snapshot", reason: "snapshots of snapshots" }],
        },
        target,
        retention: retentionOf(spec.keep),
        metadata: "kept",
        outOfHostsReach: true,
        verified: true,
        secrets: destination?.secrets ?? [],
        // A NAS names its snapshots as it likes, and which of them is a good one is for a person to say.
        wayBack: {
          steps: [
            {
              kind: "manual",
              where: machine,
              text: phrase`by hand, as this version only plans this job: on ${`${destination?.user ?? ""}@${destination?.address ?? ""}`}, from a snapshot's own folder, the next below "#snapshot": ${blanks.from} to ${blanks.to}`,
              changes: "the share has what the snapshot has; the snapshot stays",
              undo: "the same from a snapshot that is taken before",
              verifies: "the folder holds as many files and bytes as that of the snapshot",
            },
          ],
        },
      },
    ],
    deletes: [{ location: target, keeps: [], scope: "own-generations" }],
    metricsJob: name,
    metrics,
    alerts: [],
    credentials: [],
    deployment: { kind: "planned" },
  };
}

/** "/Backup/Viki" becomes "-backup-viki". */
function slug(path: string): string {
  return path.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

const metrics: readonly Metric[] = [
  {
    name: "nas_snapshot_last_run_timestamp",
    help: "Last look at the share's snapshots, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: "nas_snapshot_last_status",
    help: "0 while the newest snapshot is as new as the schedule says",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: "nas_snapshot_last_success_timestamp",
    help: "Time of the newest snapshot, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
];
