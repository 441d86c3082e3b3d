import { z } from "zod";
import { generations } from "./generations";
import { jobMetrics, tookMetric } from "./metric";
import { credentialName, credentialsDir, mount, runnerFields, timeZone } from "./runner";

/** What the runner `pfsense-backup` reads from its release's config.json. Times in ms. */
export const pfsenseBackupConfig = z.strictObject({
  /** "FIREWALL-backup": the name of its units, lock and metrics. */
  job: z.string().min(1),
  ...runnerFields,
  /** IANA zone in which generations are named after weeks and days. */
  zone: timeZone,
  /** The backup disk, and the folder on it. */
  target: mount,
  folder: z.string().regex(/^[a-z0-9-]+$/),
  keep: generations,
  api: z.strictObject({
    /** Where the firewall's REST API answers, e.g. "https://pfsense.example". */
    url: z.url(),
    /** Credential with "CLIENT-ID CLIENT-TOKEN" of the REST API package's version 1, or one word, a key of version 2. */
    key: credentialName,
    /** SHA-256 of its certificate, as colon-separated hexadecimal; without it, it has to be signed by a known authority. */
    certificateSha256: z.string().optional(),
  }),
  ssh: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65535),
    user: z.string().min(1),
    /** Pinned public key, e.g. "ssh-ed25519 AAAA…". */
    hostKey: z.string().min(1),
    /** Credential with a private key. */
    key: credentialName,
  }),
  /** What is in the tar, and what has to be in it. */
  paths: z.array(z.string().regex(/^\//)).min(1),
  /** Smaller files than these are no backup. */
  atLeastBytes: z.strictObject({ config: z.int().min(1), tar: z.int().min(1) }),
  credentialsDir,
  /** A firewall that sends no byte for that long is given up; a minute unless given. */
  stallMs: z.int().positive().optional(),
});
export type PfsenseBackupConfig = z.infer<typeof pfsenseBackupConfig>;

/** Names of the reference system: the same `backup_…` for each job, told apart by the job label. */
export const pfsenseBackupMetrics = jobMetrics("backup", [
  tookMetric("backup"),
  { name: "backup_bytes", help: "Size of the last good backup", emitted: "success", meaning: "bytes" },
]);
