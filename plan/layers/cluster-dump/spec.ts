import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { retention } from "../../retention";
import { cronSchedule, runFields } from "../common";

/** A CronJob that dumps one database or state into an NFS tree. */
export const clusterDumpSpec = z.strictObject({
  name: name.describe("Name of the CronJob"),
  cluster: name,
  namespace: name,
  dataset: z
    .string()
    .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)?$/, 'expected a service, or "service/dataset". Example: "vault"')
    .describe("What is dumped: a service's only dataset, or one of several"),
  schedule: cronSchedule,
  target: z.strictObject({ host: name, path: absolutePath.describe("Folder in an NFS tree of that host") }),
  keep: retention,
  verified: z.boolean().default(true).describe("Whether a dump is read back before an older one may go"),
  ...runFields,
});
export type ClusterDumpSpec = z.output<typeof clusterDumpSpec>;
