import { z } from "zod";
import { absolutePath, isOwnName, name, ownNameText, size } from "../../estate/fields";
import { retention } from "../../retention";
import { cronSchedule, runFields } from "../common";
import { engines } from "./engines";

const specs = Object.values(engines).map(({ spec }) => spec);
type EngineSpec = (typeof specs)[number];

/** How a server is dumped: by its own client, which is the program that restores it. */
const clientDump = z.discriminatedUnion("engine", specs as [EngineSpec, ...EngineSpec[]]);

/** A CronJob that dumps one database or state into an NFS tree. */
export const clusterDumpSpec = z.strictObject({
  name: name.describe("Name of the CronJob"),
  cluster: name.describe("Cluster that it runs in"),
  namespace: name.describe("Namespace of the CronJob"),
  dataset: z
    .string()
    .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)?$/, 'expected a service, or "service/dataset". Example: "vault"')
    .refine(isOwnName, ownNameText)
    .describe("What is dumped: a service's only dataset, or one of several"),
  schedule: cronSchedule,
  target: z
    .strictObject({
      host: name.describe("Host that exports it"),
      path: absolutePath.describe("Folder in an NFS tree of that host"),
    })
    .describe("Where dumps go"),
  keep: retention,
  dump: clientDump
    .optional()
    .describe("Who makes the dump. Without it the job is planned and not installed: another program does it"),
  band: z
    .strictObject({
      leastPercent: z.number().min(0).max(100).default(50).describe("A smaller one waits"),
      mostPercent: z.number().min(100).default(1000).describe("A larger one waits"),
    })
    .superRefine(({ leastPercent, mostPercent }, context) => {
      const usual = "Example: { leastPercent: 50, mostPercent: 1000 }";
      const fault = (field: string, problem: string): void =>
        context.addIssue({ code: "custom", path: [field], message: `${problem}. ${usual}` });
      if (leastPercent === 0) fault("leastPercent", "holds nothing: no dump is smaller than 0 %");
      else if (leastPercent < 1)
        fault(
          "leastPercent",
          "is less than one in a hundred: a share where a percentage is meant holds nothing",
        );
      if (leastPercent === 100)
        fault("leastPercent", "holds each dump of a database in which something was deleted");
      if (mostPercent === 100) fault("mostPercent", "holds each dump of a database that grows");
      if (mostPercent > 10_000) fault("mostPercent", "holds nothing: no night makes a database that large");
    })
    .default({ leastPercent: 50, mostPercent: 1000 })
    .describe(
      "Size of a dump in percent of the last good one, outside of which it is kept beside and waits for somebody",
    ),
  size: size
    .optional()
    .describe(
      "Bytes of one dump, as the last ones had; left out, as many as the data, since nobody promises what compression gives",
    ),
  verified: z.boolean().default(true).describe("Whether a dump is read back before an older one may go"),
  ...runFields,
});
export type ClusterDumpSpec = z.output<typeof clusterDumpSpec>;
export type DumpSpec = NonNullable<ClusterDumpSpec["dump"]>;

/** Kubernetes takes no longer name of a CronJob: those of its jobs are made of it. */
export const longestCronJob = 52;

/** Name of the secret that lets a dump's client in; absent where nothing asks. */
export function secretOf(dump: DumpSpec): string | undefined {
  return "secret" in dump ? dump.secret : undefined;
}
