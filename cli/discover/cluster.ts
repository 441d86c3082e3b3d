import { z } from "zod";
import type { Answered } from "../answered";
import { type ClusterChoice, objectsOf, serverOf } from "../kubectl";
import { type Claim, claimOf, type Database, databasesIn, imageName, pod, volume } from "../live/cluster";

/** What a cluster says that it has. */
export interface FoundCluster {
  readonly api: string;
  readonly nodes: readonly string[];
  readonly claims: readonly Claim[];
  readonly databases: readonly Database[];
  /** "namespace/claim" of those that pods of programs have which keep SQLite files. */
  readonly sqlite: ReadonlySet<string>;
  readonly services: readonly Service[];
  /** CronJobs that look like dumps, in words. */
  readonly dumps: readonly string[];
  /** What it didn't answer, in words. */
  readonly unanswered: readonly string[];
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly nodePort?: number | undefined }[];
}

const metadata = z.object({ name: z.string(), namespace: z.string().default("") });
const node = z.object({ metadata });
const service = z.object({
  metadata,
  spec: z.object({
    ports: z.array(z.object({ port: z.number(), nodePort: z.number().optional() })).default([]),
  }),
});
const cronJob = z.object({
  metadata,
  spec: z.object({
    schedule: z.string(),
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({
            containers: z.array(
              z.object({
                image: z.string().default(""),
                command: z.array(z.string()).default([]),
                args: z.array(z.string()).default([]),
              }),
            ),
          }),
        }),
      }),
    }),
  }),
});

/** Programs whose data is in SQLite files, by the last names of their images. */
const keepsSqlite = /^(vaultwarden|server-vaultwarden)$/;
const dumpWords = /backup|dump|snapshot|restic|borg/i;

/** Asks the cluster that kubectl leads to, and changes nothing. */
export async function clusterBy(choice: ClusterChoice): Promise<Answered<FoundCluster>> {
  const server = await serverOf(choice);
  if ("cause" in server) return server;
  const [volumes, pods, nodes, services, cronJobs] = await Promise.all([
    objectsOf(choice, "persistentvolumes", volume),
    objectsOf(choice, "pods", pod),
    objectsOf(choice, "nodes", node),
    objectsOf(choice, "services", service),
    objectsOf(choice, "cronjobs.batch", cronJob),
  ]);
  const asked = { persistentvolumes: volumes, pods, nodes, services, cronjobs: cronJobs };
  const causes = Object.entries(asked).flatMap(([what, answer]) =>
    "cause" in answer ? [`the cluster's ${what}: ${answer.cause}`] : [],
  );
  if (causes.length === Object.keys(asked).length) return { cause: causes[0] ?? "" };
  const items = <Item>(answer: Answered<{ readonly items: readonly Item[] }>): readonly Item[] =>
    "cause" in answer ? [] : answer.items;
  return {
    api: server.url,
    nodes: items(nodes).map(each => each.metadata.name),
    claims: items(volumes).flatMap(claimOf),
    databases: items(pods).flatMap(databasesIn),
    sqlite: new Set(items(pods).flatMap(sqliteClaims)),
    services: items(services).map(({ metadata: { name, namespace }, spec: { ports } }) => ({
      ...{ name, namespace, ports },
    })),
    dumps: items(cronJobs).flatMap(({ metadata: { name, namespace }, spec: { schedule, jobTemplate } }) => {
      const { containers } = jobTemplate.spec.template.spec;
      const words = containers.flatMap(({ image, command, args }) => [image, ...command, ...args]);
      return [name, ...words].some(word => dumpWords.test(word))
        ? [`CronJob ${namespace}/${name}: ${schedule}, ${containers.map(({ image }) => image).join(", ")}`]
        : [];
    }),
    unanswered: causes,
  };
}

function sqliteClaims({ metadata: { namespace }, spec }: z.output<typeof pod>): string[] {
  if (!spec.containers.some(({ image }) => keepsSqlite.test(imageName(image)))) return [];
  return spec.volumes.flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [`${namespace}/${claim.claimName}`],
  );
}
