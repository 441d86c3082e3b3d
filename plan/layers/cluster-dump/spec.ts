import { z } from "zod";
import { absolutePath, address, image, name, user } from "../../estate/fields";
import { retention } from "../../retention";
import { cronSchedule, runFields } from "../common";

/** How a database server is dumped: by its own client, which is the program that restores it. */
const clientDump = z.strictObject({
  engine: z.enum(["postgresql", "mariadb", "mysql"]),
  databases: z
    .enum(["together", "each"])
    .describe(
      'All with their accounts as one text of pg_dumpall or mariadb-dump; or "each" by itself, which comes back alone: an archive of pg_dump, a text of mariadb-dump',
    ),
  image: image.describe("Image with the server's client programs, of its version or a later one"),
  server: z.strictObject({
    host: address.describe('Its service, e.g. "postgresql.dbaas.svc.cluster.local"'),
    port: z.int().min(1).max(65535).optional().describe("By default the engine's own: 5432, or 3306"),
    namespace: name.describe("Namespace of its pods: a dump's pod reaches nothing else"),
  }),
  user: user.describe("Account that may read all of it"),
  secret: name.describe("Secret with its password"),
});

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
  dump: clientDump
    .optional()
    .describe("Who makes the dump. Without it the job is planned and not installed: another program does it"),
  band: z
    .strictObject({
      leastPercent: z.number().min(0).max(100),
      mostPercent: z.number().min(100),
    })
    .default({ leastPercent: 50, mostPercent: 1000 })
    .describe(
      "Size of a dump in percent of the last good one, outside of which it is kept beside and waits for somebody",
    ),
  verified: z.boolean().default(true).describe("Whether a dump is read back before an older one may go"),
  ...runFields,
});
export type ClusterDumpSpec = z.output<typeof clusterDumpSpec>;
export type DumpSpec = NonNullable<ClusterDumpSpec["dump"]>;
