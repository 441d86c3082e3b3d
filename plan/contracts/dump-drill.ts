import { z } from "zod";
import { jobMetrics, tookMetric } from "./metric";
import { absolutePath, runnerFields } from "./runner";

/** What the runner `dump-drill` reads, in its pod. Times in ms. */
export const dumpDrillConfig = z.strictObject({
  job: z.string().min(1),
  ...runnerFields,
  /** Job whose dumps they are. */
  dump: z.string().min(1),
  /** Folder with the dumps, of which none is changed. */
  target: absolutePath,
  /** Where an operator finds that folder, and in which namespace the CronJob, for what messages say to type. */
  seen: z.strictObject({ host: z.string().min(1), path: absolutePath, namespace: z.string().min(1) }),
  /** Folder that the client's container shares with the runner's. */
  exchange: absolutePath,
  /** The client's container may take that long to begin. */
  clientWithinMs: z.int().positive(),
});
export type DumpDrillConfig = z.infer<typeof dumpDrillConfig>;

export const dumpDrillMetricNames = {
  bytes: "dump_drill_bytes",
  proved: "dump_drill_proved_dumps",
  failed: "dump_drill_failed_dumps",
} as const;

export const dumpDrillMetrics = jobMetrics("dump_drill", [
  {
    name: dumpDrillMetricNames.bytes,
    help: "Bytes of the dumps that the last successful run restored into an empty server",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: dumpDrillMetricNames.proved,
    help: "Dumps of the last run of which an empty server had all rows that their manifests count",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: dumpDrillMetricNames.failed,
    help: "Dumps of the last run that could not be restored, or came back as something else",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  tookMetric("dump_drill"),
]);
