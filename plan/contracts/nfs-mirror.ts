import { z } from "zod";
import { accepted } from "./accepted";
import { collapseLimits } from "./collapse";
import { jobMetrics, tookMetric } from "./metric";
import { absolutePath, mount, runnerFields } from "./runner";

const entry = z.string().regex(/^[^/\0]+$/, "expected one directory entry without a slash");

/** The name that operators know; a host has one job of it. */
export const nfsMirrorJobName = "nfs-mirror";

/** What the runner `nfs-mirror` reads from its release's config.json. Times in ms. */
export const nfsMirrorConfig = z.strictObject({
  job: z.literal(nfsMirrorJobName),
  ...runnerFields,
  source: mount,
  target: mount,
  /** Entries of the source that are not mirrored. What an earlier run mirrored of them is left alone. */
  excludes: z.array(entry),
  /** Entries of the target that other jobs own: never written, never deleted. */
  keep: z.array(entry),
  /** File systems below the source, by their path there. Below one that is away nothing is deleted. */
  nested: z.array(z.strictObject({ path: z.string().min(1), fsUuid: z.string().min(1) })),
  /** Entries of the source that can't be copied. */
  accepted: z.array(accepted),
  /** Entries of the source, "*" for any characters, that are made anew each night: most of them going or changing is no sign of harm. */
  rewritten: z.array(entry),
  /** Most names of a scan that are kept in memory, a few hundred bytes each. With more, rsync looks at all of the tree again to copy. */
  mostListed: z.int().min(1),
  /** A run that would delete more entries than `count` and `percent`, or a larger share of the bytes than `bytesPercent`, is refused. */
  maxDeletions: z.strictObject({
    count: z.int().min(0),
    percent: z.number().min(0).max(100),
    bytesPercent: z.number().min(0).max(100),
  }),
  /** A service that lost, or has other content in, more than that of what its copy holds keeps its copy until somebody accepts it. */
  collapse: collapseLimits,
  /** Where somebody notes what changes in the source. Absent: each run compares all of it. */
  changes: z
    .strictObject({
      /** Job that notes it. */
      writer: z.string().min(1),
      /** Folder of its journal, in which names are below the source. */
      journal: absolutePath,
      /** All is compared at least so often, whatever is noted. */
      compareAllMs: z.int().positive(),
    })
    .optional(),
  /** State folder of the job that keeps checksums of what is on the target. Absent: there is none. */
  sumsDir: absolutePath.optional(),
});

export type NfsMirrorConfig = z.infer<typeof nfsMirrorConfig>;

/** Name of the metric with the bytes that the last successful run copied. */
export const mirroredBytes = "nfs_mirror_bytes";

/** Names of the metrics of what the mirror keeps though the source has it no more, as that waits for somebody or may lie where nobody can look. */
export const heldBytes = "nfs_mirror_held_bytes";
export const heldEntries = "nfs_mirror_held_entries";
export const heldSince = "nfs_mirror_held_since_timestamp";

/** Name of the metric of when all of the source was last compared with the mirror. */
export const comparedAll = "nfs_mirror_compared_all_timestamp";

/** Metrics of the runner; `last_run`, `last_status` and `bytes` have the reference system's names. */
export const nfsMirrorMetrics = jobMetrics("nfs_mirror", [
  tookMetric("nfs_mirror"),
  {
    name: mirroredBytes,
    help: "Bytes that the last successful run copied",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: heldEntries,
    help: "Entries that the mirror keeps though the source has them no more",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: heldBytes,
    help: "Bytes of them",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: comparedAll,
    help: "When the last run began that compared all of the source, and not what was noted of it alone, epoch seconds",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: heldSince,
    help: "Begin of the run since which there have been such entries each night, epoch seconds; the last run's where there are none",
    emitted: "any-end",
    meaning: "other",
  },
]);
