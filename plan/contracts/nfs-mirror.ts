import { z } from "zod";

const path = z.string().regex(/^\//, 'expected an absolute path, e.g. "/srv/nfs"');
const entry = z.string().regex(/^[^/\0]+$/, "expected one directory entry without a slash");
const mount = z.strictObject({
  path: path.describe("Mount point"),
  fsUuid: z.string().min(1).describe("UUID of the file system that has to be mounted there"),
});

/** What the runner `nfs-mirror` reads from its release's config.json. Times in ms. */
export const nfsMirrorConfig = z.strictObject({
  job: z.literal("nfs-mirror"),
  /** Name of the host in the estate: the `instance` label of its metrics. */
  host: z.string().min(1),
  source: mount,
  target: mount,
  /** Entries of the source that are not mirrored. What an earlier run mirrored of them is left alone. */
  excludes: z.array(entry),
  /** Entries of the target that other jobs own: never written, never deleted. */
  keep: z.array(entry),
  /** A run that would delete more than both is refused. */
  maxDeletions: z.strictObject({ count: z.int().min(0), percent: z.number().min(0).max(100) }),
  /** The runner stops itself then, before the unit's time-out. */
  budgetMs: z.int().positive(),
  /** Lock, last report, and the journal of changed paths. */
  stateDir: path,
  /** Metrics that survive a Pushgateway's absence; node-exporter's textfile collector reads them. */
  textfile: path,
  pushgateway: z.strictObject({
    url: z.url(),
    timeoutMs: z.int().positive(),
    attempts: z.int().positive(),
  }),
});

export type NfsMirrorConfig = z.infer<typeof nfsMirrorConfig>;

/** Metrics of the runner by meaning; the first three names are the reference system's. */
export const nfsMirrorMetrics = {
  lastRun: "nfs_mirror_last_run_timestamp",
  status: "nfs_mirror_last_status",
  bytes: "nfs_mirror_bytes",
  lastSuccess: "nfs_mirror_last_success_timestamp",
} as const;
