import { z } from "zod";
import { jobMetrics, type PartMetric, partMetric } from "./metric";
import { absolutePath, runnerFields } from "./runner";

/** What the runner `sqlite-integrity` reads, in its pod. Times in ms. */
export const sqliteIntegrityConfig = z.strictObject({
  job: z.string().min(1),
  ...runnerFields,
  /** Of its pod, for what a person types. */
  namespace: z.string().min(1),
  /** Folder that the client's container shares with the runner's. */
  exchange: absolutePath,
  /** The client's container may take that long to begin. */
  clientWithinMs: z.int().positive(),
  /** What the names of its metrics begin with. */
  metrics: z.string().min(1),
});
export type SqliteIntegrityConfig = z.infer<typeof sqliteIntegrityConfig>;

/** @param dataset whose databases are looked at: "vaultwarden" gives "vaultwarden_sqlite_integrity" */
export function integrityPrefix(dataset: string): string {
  return `${dataset.replaceAll(/[^a-z0-9]/g, "_").replace(/^(?=[0-9])/, "_")}_sqlite_integrity`;
}

/** What each run tells of itself. */
export const sqliteIntegrityMetrics = (prefix: string) => jobMetrics(prefix, []);

/** The flag, as of the last look that could tell. */
export function integrityFlag(prefix: string): PartMetric<"status"> {
  return partMetric("integrity", `${prefix}_ok`, "1 while each SQLite database is sound, 0 when one isn't", [
    "status",
  ]);
}
