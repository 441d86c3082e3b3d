import { z } from "zod";
import { jobMetrics } from "./metric";
import { mount, runnerFields } from "./runner";

const entry = z.string().regex(/^[^/\0]+$/, "expected one directory entry without a slash");

/** What the runner `nfs-mirror` reads from its release's config.json. Times in ms. */
export const nfsMirrorConfig = z.strictObject({
  job: z.literal("nfs-mirror"),
  ...runnerFields,
  source: mount,
  target: mount,
  /** Entries of the source that are not mirrored. What an earlier run mirrored of them is left alone. */
  excludes: z.array(entry),
  /** Entries of the target that other jobs own: never written, never deleted. */
  keep: z.array(entry),
  /** A run that would delete more than both is refused. */
  maxDeletions: z.strictObject({ count: z.int().min(0), percent: z.number().min(0).max(100) }),
});

export type NfsMirrorConfig = z.infer<typeof nfsMirrorConfig>;

/** Name of the metric with the bytes that the last successful run copied. */
export const mirroredBytes = "nfs_mirror_bytes";

/** Metrics of the runner; `last_run`, `last_status` and `bytes` have the reference system's names. */
export const nfsMirrorMetrics = jobMetrics("nfs_mirror", [
  {
    name: mirroredBytes,
    help: "Bytes that the last successful run copied",
    emitted: "success",
    meaning: "bytes",
  },
]);
