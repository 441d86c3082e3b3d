import { z } from "zod";
import { keepPolicy } from "./keep-policy";
import { jobMetrics, partMetric, tookMetric } from "./metric";
import { absolutePath, runnerFields, timeZone } from "./runner";

/** Sizes of a dump, in percent of the last good one, outside of which it waits for somebody. */
const dumpBand = z.strictObject({
  /** A smaller one has lost most of what there was. */
  leastPercent: z.number().min(0).max(100),
  mostPercent: z.number().min(100),
});

/** What the runner `cluster-dump` reads, in its pod. Times in ms. */
export const clusterDumpConfig = z.strictObject({
  job: z.string().min(1),
  ...runnerFields,
  /** IANA zone in which days and weeks of the retention are counted. */
  zone: timeZone,
  /** Folder that the client's container shares with the runner's. */
  exchange: absolutePath,
  /** Folder with the dumps of a whole server, and below it one for each database that is dumped alone. */
  target: absolutePath,
  /** Where an operator finds that folder, and in which namespace the CronJob, for what messages say to type. */
  seen: z.strictObject({ host: z.string().min(1), path: absolutePath, namespace: z.string().min(1) }),
  keep: keepPolicy,
  band: dumpBand,
  /** What the names of its metrics begin with. */
  metrics: z.string().min(1).default("backup"),
  /** The client's container may take that long to begin. */
  clientWithinMs: z.int().positive(),
});
export type ClusterDumpConfig = z.infer<typeof clusterDumpConfig>;

export const clusterDumpMetricNames = {
  bytes: "backup_bytes",
  dumps: "backup_dumps",
  failed: "backup_failed_dumps",
  /** One series a database, with the label `database`. */
  databaseSuccess: "backup_database_last_success_timestamp",
  /** One series at most, with the label `certificate`: of that which ends first. */
  certificateEnd: "backup_client_certificate_end_timestamp",
  tokenEnd: "backup_client_token_end_timestamp",
} as const;

/** @param prefix what the names of the three that each job has begin with */
export const clusterDumpMetrics = (prefix: string) =>
  jobMetrics(prefix, [
    {
      name: clusterDumpMetricNames.bytes,
      help: "Bytes of the dumps that the last successful run made",
      emitted: "success",
      meaning: "bytes",
    },
    {
      name: clusterDumpMetricNames.dumps,
      help: "Dumps that the last run made and kept",
      emitted: "any-end",
      meaning: "other",
    },
    {
      name: clusterDumpMetricNames.failed,
      help: "Dumps that the last run was offered and could not keep as good",
      emitted: "any-end",
      meaning: "other",
      well: 0,
    },
    tookMetric("backup"),
  ]);

/** A run can fail for one database night after night, and one that is gone is in no run any more. */
export const databaseSuccessMetric = partMetric(
  "databases",
  clusterDumpMetricNames.databaseSuccess,
  "Begin of the newest good dump of the database, epoch seconds",
  ["database"],
);

/** Of a client whose secret has certificates, by what its last run found there. */
export const certificateEndMetric = partMetric(
  "certificates",
  clusterDumpMetricNames.certificateEnd,
  "End of the certificate in the client's secret that ends first, epoch seconds",
  ["certificate"],
);

/** Of a client whose secret has a token that each run renews; none while it has no end. */
export const tokenEndMetric = partMetric(
  "token",
  clusterDumpMetricNames.tokenEnd,
  "End of the token in the client's secret unless it is renewed again, epoch seconds",
  [],
);
