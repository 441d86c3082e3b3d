import { z } from "zod";
import { jobMetrics, partMetric } from "./metric";
import { absolutePath, mount, runnerFields } from "./runner";

/** The name that operators know; a host has one job of it. */
export const restoreDrillJobName = "restore-drill";

/** Kinds of copies that are drilled: those on a backup disk, and what a job keeps off site, which is called after that job. */
export const drillTier = z.string().regex(/^[a-z][a-z0-9-]*$/);

const tier = {
  tier: drillTier,
  /** The job that makes its copies. */
  job: z.string().min(1),
  /** That job's program, as its command line begins: it lists the copies and brings them back. */
  command: z.array(z.string().min(1)).min(1),
  /** Lock file of the job: while somebody has it, nothing is compared. */
  lock: absolutePath,
};

const onDisk = z.strictObject({
  ...tier,
  /**
   * `generations` are those of volumes' files, `databases` those of the databases in them, `configuration` the host's own, and `firewall`
   * those of one firewall, whose job keeps nothing else.
   */
  kind: z.enum(["generations", "databases", "configuration", "firewall", "mirror"]),
  /** Folder with them. */
  below: absolutePath,
});

const offSite = z.strictObject({
  ...tier,
  kind: z.literal("offsite"),
  /** State folder of the job, where checksums of what it sent are on record. */
  stateDir: absolutePath,
  /** What the link from there gives, in bytes a second; absent where the estate doesn't know. */
  bytesPerSecond: z.number().positive().optional(),
  legs: z.array(
    z.strictObject({
      from: absolutePath,
      /** The place of it there, as people are told it. */
      to: z.string().min(1),
      excludes: z.array(z.string()),
      only: z.array(z.string()).optional(),
      /** Trees of services that go there without a copy on this host. */
      trees: z.array(absolutePath),
    }),
  ),
});

/** What the runner `restore-drill` reads from its release's config.json. Times in ms. */
export const restoreDrillConfig = z.strictObject({
  job: z.literal(restoreDrillJobName),
  ...runnerFields,
  /** The backup disk: the copies lie on it, and a second copy of the records. */
  target: mount,
  /** A folder of the job's own, and the file system that it has to lie on. All else in it is refused. */
  scratch: z.strictObject({ folder: absolutePath, on: mount }),
  /** Each copy is drilled once in that time. */
  periodMs: z.int().positive(),
  /** Of a copy that is larger, a part is drilled. */
  mostBytes: z.int().positive(),
  /** So much of the scratch folder's file system stays free. */
  leaveFreeBytes: z.int().min(0),
  tiers: z.array(z.discriminatedUnion("kind", [onDisk, offSite])).min(1),
  /** State folder of the scrub, where checksums of the disk are on record. */
  sumsDir: absolutePath.optional(),
  /** Textfile with what is told of each copy. */
  copiesTextfile: absolutePath,
});
export type RestoreDrillConfig = z.infer<typeof restoreDrillConfig>;

export const restoreDrillMetricNames = {
  bytes: "restore_drill_bytes",
  proved: "restore_drill_proved_copies",
  failed: "restore_drill_failed_copies",
  skipped: "restore_drill_skipped_copies",
  oldestProved: "restore_drill_oldest_proved_timestamp",
  /** One series a copy each, with the labels `tier` and `service`. */
  copyProved: "restore_drill_copy_proved_timestamp",
  copySeconds: "restore_drill_copy_seconds",
  copyBytes: "restore_drill_copy_bytes",
  copyWhole: "restore_drill_copy_whole_seconds",
} as const;

export const restoreDrillMetrics = jobMetrics("restore_drill", [
  {
    name: restoreDrillMetricNames.bytes,
    help: "Bytes that the last successful run restored and compared",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: restoreDrillMetricNames.proved,
    help: "Copies that the last run restored and found to be what they are to be",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: restoreDrillMetricNames.failed,
    help: "Copies that the last run could not restore, or found to be something else",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  {
    name: restoreDrillMetricNames.skipped,
    help: "Copies whose turn it was, and that the last run passed over for lack of room or as their job was at work",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: restoreDrillMetricNames.oldestProved,
    help: "When what was not proved for longest was proved, or seen first, epoch seconds",
    emitted: "any-end",
    meaning: "oldest",
  },
]);

/** Of each copy that a drill has been at. */
export const drilledMetrics = [
  partMetric(
    "copies",
    restoreDrillMetricNames.copyProved,
    "When a restore of the copy was last proved, epoch seconds; 0 for never",
    ["tier", "service"],
  ),
  partMetric(
    "copies",
    restoreDrillMetricNames.copySeconds,
    "How long the last proved restore of the copy took, in seconds",
    ["tier", "service"],
  ),
  partMetric(
    "copies",
    restoreDrillMetricNames.copyBytes,
    "Bytes that the last proved restore of the copy brought back: of a large copy, a part",
    ["tier", "service"],
  ),
  partMetric(
    "copies",
    restoreDrillMetricNames.copyWhole,
    "How long all of the copy would take at the rate of its last proved restore, in seconds; absent where that was too little to tell",
    ["tier", "service"],
  ),
] as const;
