import { z } from "zod";
import { accepted } from "./accepted";
import { jobMetrics } from "./metric";
import { absolutePath, mount, runnerFields } from "./runner";

/** The name that operators know; a host has one job of it. */
export const scrubJobName = "backup-scrub";

/** What the runner `backup-scrub` reads from its release's config.json. Times in ms. */
export const backupScrubConfig = z.strictObject({
  job: z.literal(scrubJobName),
  ...runnerFields,
  /** The backup disk. */
  target: mount,
  /** Each file of the disk is read once in that time. */
  periodMs: z.int().positive(),
  /**
   * Folders of the disk that hold generations, as FOLDER/PERIOD/NAME/…; `depth` is how many names below the period tell one
   * thing's generations from another's: 2 for NAMESPACE/CLAIM, 0 where there is one thing alone. Files are shared between
   * the generations of one thing, and so are read once for all of them.
   */
  generations: z.array(
    z.strictObject({ folder: z.string().regex(/^[^/\0]+$/), depth: z.int().min(0).max(8) }),
  ),
  /** Trees whose entries a mirror copies to the disk's root: their files may mend those of the mirror. */
  sources: z.array(absolutePath),
  /** Lock files of the jobs that write to the disk: nothing is mended while one of them runs. */
  writers: z.array(absolutePath),
  /** Rotten files that somebody answers for, by their paths below the disk. */
  accepted: z.array(accepted),
});
export type BackupScrubConfig = z.infer<typeof backupScrubConfig>;

export const backupScrubMetricNames = {
  bytes: "backup_scrub_bytes",
  files: "backup_scrub_files",
  rotten: "backup_scrub_rotten_files",
  mended: "backup_scrub_mended_files",
  oldestVerified: "backup_scrub_oldest_verified_timestamp",
} as const;

export const backupScrubMetrics = jobMetrics("backup_scrub", [
  {
    name: backupScrubMetricNames.bytes,
    help: "Bytes that the last successful run read and compared",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: backupScrubMetricNames.files,
    help: "Files that the last run read",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: backupScrubMetricNames.rotten,
    help: "Files of the backup disk that don't hold what was recorded, and have no known good copy",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  {
    name: backupScrubMetricNames.mended,
    help: "Rotten files that the last run mended from a good copy",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: backupScrubMetricNames.oldestVerified,
    help: "When what was not read for longest was read, epoch seconds",
    emitted: "any-end",
    meaning: "oldest",
  },
]);
