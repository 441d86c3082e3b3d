import { z } from "zod";
import { collapseLimits } from "./collapse";
import { keepPolicy } from "./keep-policy";
import { accepted } from "./accepted";
import { generations } from "./generations";
import { jobMetrics, partMetric, tookMetric } from "./metric";
import { absolutePath, credentialName, credentialsDir, mount, runnerFields, timeZone } from "./runner";

/** The name that operators know; a host has one job of it. */
export const dailyBackupJobName = "daily-backup";

/** What the runner `daily-backup` reads from its release's config.json. Times in ms. */
export const dailyBackupConfig = z.strictObject({
  job: z.literal(dailyBackupJobName),
  ...runnerFields,
  /** IANA zone in which generations are named after weeks and days. */
  zone: timeZone,
  /** The backup disk. */
  target: mount,
  volumes: z
    .strictObject({
      vg: z.string().min(1),
      pool: z.string().min(1),
      /** Glob of the volumes' names. */
      pattern: z.string().min(1),
      excludeNamespaces: z.array(z.string()),
      /** Job whose snapshots are read. */
      snapshotJob: z.string().min(1),
      /** What is known of that job: its state folder, and how it keeps its snapshots, in a zone of its own. */
      snapshots: z.strictObject({ stateDir: absolutePath, keep: keepPolicy, zone: timeZone }),
      /** An older snapshot isn't copied: its job is what failed. */
      maxSnapshotAgeMs: z.int().positive(),
      /** Generations of every volume, in `pvc-data`. */
      keep: generations,
      /** Further generations of the volumes of some namespaces, in `pvc-data` too. */
      more: z.array(generations.extend({ namespaces: z.array(z.string()).min(1) })),
      /** One volume may take that long before the others have their turn. */
      volumeBudgetMs: z.int().positive(),
      /** Each volume is compared with its copy by content once in that time. */
      contentPeriodMs: z.int().positive(),
      /** A volume that holds less than that share of its last generation's files or bytes, or lacks or has other content in more, fails. */
      collapse: collapseLimits,
      /** Entries of volumes that can't be copied, as "namespace/claim/path". */
      accepted: z.array(accepted),
      /** Credentials with passphrases of encrypted volumes, tried in this order. */
      luksKeys: z.array(credentialName),
    })
    .optional(),
  /** Copies of the SQLite files in the volumes, in `sqlite-backup`. */
  sqlite: generations.optional(),
  /** The host's own configuration, in `pve-config`. */
  configuration: generations.extend({ paths: z.array(absolutePath).min(1) }).optional(),
  /** State folder of the job that keeps checksums of what is on the target. Absent: there is none. */
  sumsDir: absolutePath.optional(),
  credentialsDir,
  /** Credential with a kubeconfig as JSON. */
  kubeconfig: credentialName.optional(),
  /** Textfile with the age of each volume's copy. */
  volumesTextfile: absolutePath,
});
export type DailyBackupConfig = z.infer<typeof dailyBackupConfig>;

export const dailyBackupMetricNames = {
  bytes: "daily_backup_bytes_synced",
  failedVolumes: "daily_backup_failed_volumes",
  /** One series a volume, with the labels `namespace`, `claim` and `volume`. */
  volumeSuccess: "daily_backup_volume_last_success_timestamp",
  /** One series a volume, with the same labels. */
  volumeContent: "daily_backup_volume_content_timestamp",
  differences: "daily_backup_content_differences",
} as const;

export const dailyBackupMetrics = jobMetrics("daily_backup", [
  tookMetric("daily_backup"),
  {
    name: dailyBackupMetricNames.bytes,
    help: "Bytes that the last successful run copied",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: dailyBackupMetricNames.failedVolumes,
    help: "Volumes that the last run has no new copy of",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  {
    name: dailyBackupMetricNames.differences,
    help: "Files that the last run found not to be in their copy, or to have other content than it at the same size and times",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
]);

/**
 * The age of each volume's copy: a run can succeed in all but one volume night after night, and the job's own last success
 * never says which. When its files were last read whole: one that takes longer than a night has for it never has its turn.
 * Volumes are found by pattern, so the plan doesn't know all of their names.
 */
export const volumeMetrics = [
  volumeMetric(
    dailyBackupMetricNames.volumeSuccess,
    "End of the last run that had a good copy of the volume, epoch seconds",
  ),
  {
    ...volumeMetric(
      dailyBackupMetricNames.volumeContent,
      "When the volume's files were last copied whole or compared by content, epoch seconds",
    ),
    meaning: "oldest",
  },
] as const;

function volumeMetric(name: string, help: string) {
  return partMetric("volumes", name, help, ["namespace", "claim", "volume"]);
}
