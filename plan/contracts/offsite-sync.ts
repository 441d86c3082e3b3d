import { z } from "zod";
import { collapseLimits } from "./collapse";
import { type Metric, partMetric, tookMetric } from "./metric";
import { pace } from "./pace";
import { absolutePath, credentialName, credentialsDir, mount, runnerFields } from "./runner";

/** The name that operators know. */
export const offsiteSyncJobName = "offsite-sync-backup";

/** What its metrics are called after in the reference system. */
export const offsiteSyncMetricsJob = "offsite-backup-sync";

/** The rsync daemon's module that a hosts' key opens at a destination, and all that it opens. */
export const offsiteModule = "holdfast";

/** One beside it, where a destination has it: whoever asks for it has all that was written there synced to disk first. */
export const offsiteSyncModule = "holdfast-sync";

const entry = z.string().regex(/^[^/\0]+$/, "expected one directory entry without a slash");
const below = z.string().regex(/^[^/\0]+(\/[^/\0]+)*$/, "expected a path below a folder");

/** What the runner `offsite-sync` reads from its release's config.json. Times in ms. */
export const offsiteSyncConfig = z.strictObject({
  job: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  metricsJob: z.string().min(1),
  ...runnerFields,
  credentialsDir,
  destination: z.strictObject({
    name: z.string().min(1),
    address: z.string().min(1),
    port: z.int().min(1).max(65535),
    user: z.string().min(1),
    /** Its only public key, as known_hosts has it, without a name. */
    hostKey: z.string().min(1),
    /** Credential with the private key that opens the module, and nothing else. */
    key: credentialName,
  }),
  legs: z
    .array(
      z.strictObject({
        from: absolutePath,
        /** Folder below the module. */
        to: below,
        /** File system that it lies on. */
        mount,
        excludes: z.array(entry),
        /** Entries that it carries; all but the excluded ones unless given. */
        only: z.array(entry).optional(),
        /**
         * Folders below it with generations, as FOLDER/PERIOD: one is linked to those before it there, and goes there once this host
         * has as many newer ones as the estate keeps.
         */
        generations: z.array(z.strictObject({ folder: below, keeps: z.int().min(1) })),
        /** Whatever is written below it is named in these. Empty: nobody says what changes there, and each run looks at all. */
        journals: z.array(
          z.strictObject({
            writer: z.string().min(1),
            folder: absolutePath,
            root: absolutePath,
            /** Whether it names what others change: for as long as it says that it watches. */
            watches: z.boolean(),
          }),
        ),
      }),
    )
    .min(1),
  /** Jobs whose copies it sends and whose end its unit waits for: where each leaves word of its last end. */
  predecessors: z.array(z.strictObject({ job: z.string().min(1), stateDir: absolutePath })),
  /** Calendar, with its zone, of the passes that compare all and remove what is gone: as systemd has it. */
  fullPass: z.string().min(1),
  /** From which loss on what a part lacks waits for somebody. */
  collapse: collapseLimits,
  /** Within that time each file is compared by content at both ends. */
  scrub: z.strictObject({ periodMs: z.int().positive() }),
  /** Most files of a part that are compared by checksum after they were sent. */
  sample: z.int().min(1),
  /** Without a byte for that long, the destination counts as gone. */
  stallMs: z.int().positive(),
  /** How fast it may send by the hours of the day; as fast as it gets unless given. */
  pace: pace.optional(),
  /** Textfile with what is told of each leg. */
  legsTextfile: absolutePath,
});
export type OffsiteSyncConfig = z.infer<typeof offsiteSyncConfig>;

export const offsiteMetricNames = {
  bytes: "offsite_sync_bytes",
  wire: "offsite_sync_wire_bytes",
  again: "offsite_sync_again_bytes",
  repaired: "offsite_sync_repaired_files",
  removed: "offsite_sync_removed_files",
  doubtful: "offsite_sync_doubtful_files",
  oldestVerified: "offsite_sync_oldest_verified_timestamp",
  legStatus: "offsite_sync_leg_last_status",
  legSuccess: "offsite_sync_leg_last_success_timestamp",
  debt: "offsite_sync_leg_debt_files",
  debtBytes: "offsite_sync_leg_debt_bytes",
  oldest: "offsite_sync_leg_oldest_change_timestamp",
  legFiles: "offsite_sync_leg_files",
  legBytes: "offsite_sync_leg_bytes",
  legWire: "offsite_sync_leg_wire_bytes",
} as const;

/** Metrics of the runner; the first three have the reference system's names. */
export const offsiteSyncMetrics = [
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
  tookMetric("offsite_sync"),
  {
    name: offsiteMetricNames.bytes,
    help: "Bytes of the files that the last successful run sent",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: offsiteMetricNames.wire,
    help: "Bytes that the last run put on the wire",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: offsiteMetricNames.again,
    help: "Bytes of files of a new generation that the last run sent, though they are files of the generation before it too",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: offsiteMetricNames.repaired,
    help: "Files that the destination held otherwise than they were sent, in the last run",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: offsiteMetricNames.removed,
    help: "Files that the last run removed there, as this host had them no more",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: offsiteMetricNames.doubtful,
    help: "Files that differ at one size and time, of which nobody knows which end has the good one",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  {
    name: offsiteMetricNames.oldestVerified,
    help: "Each file was compared by content since then, epoch seconds; before the first pass over all of them is done, when it began",
    emitted: "any-end",
    meaning: "oldest",
  },
] as const satisfies readonly Metric[];

/** A run can succeed in all but one leg night after night, and the job's own last success never says which. */
export const offsiteLegMetrics = {
  legStatus: {
    ...legMetric(
      offsiteMetricNames.legStatus,
      "0 where the last run left all of the leg there and verified, 1 where it didn't",
    ),
    well: 0,
  },
  legSuccess: legMetric(
    offsiteMetricNames.legSuccess,
    "When all of the leg was last there and verified, epoch seconds",
  ),
  debt: legMetric(
    offsiteMetricNames.debt,
    "Files of the leg that changed and aren't verified there; all that a part had, where anything of it may have changed",
  ),
  debtBytes: legMetric(offsiteMetricNames.debtBytes, "Their bytes"),
  oldest: legMetric(
    offsiteMetricNames.oldest,
    "When the oldest of them was named, epoch seconds; of a leg that owes nothing the time of the run",
  ),
  legFiles: legMetric(offsiteMetricNames.legFiles, "Files of the leg that the last run sent"),
  legBytes: legMetric(offsiteMetricNames.legBytes, "Their bytes"),
  legWire: legMetric(offsiteMetricNames.legWire, "Bytes that the last run put on the wire for the leg"),
};

function legMetric(name: string, help: string) {
  return partMetric("legs", name, help, ["leg"]);
}
