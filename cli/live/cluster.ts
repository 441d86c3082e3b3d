import { z } from "zod";
import type { Estate } from "../../plan";
import type { Answered } from "../answered";
import { askClusters, type ClusterChoice, objectsOf } from "../kubectl";
import { type Loaded, loadedIn, whatIsLoaded } from "./loaded";
import { alertmanagerConfig, type SeenRouting } from "./alertmanager-config";
import { groupsIn, prometheusRule, type SeenGroup } from "./prometheus-rule";

/** What a cluster has, as its API says. */
export interface SeenCluster {
  readonly claims: readonly Claim[];
  readonly databases: readonly Database[];
  /** Groups of alerts of Prometheus' operator; none where there is none. */
  readonly groups: readonly SeenGroup[];
  /** Its AlertmanagerConfigs. */
  readonly routings: readonly SeenRouting[];
  /** What the operator's Prometheus there has loaded of alerts; undefined where another one is asked. */
  readonly loaded: Loaded | undefined;
  /** What it didn't answer, in words. */
  readonly unanswered: readonly string[];
}

/** A claim, and where its volume's bytes lie. */
export interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly lies:
    | { readonly kind: "disk"; readonly disk: string }
    | { readonly kind: "nfs"; readonly server: string; readonly path: string }
    | { readonly kind: "elsewhere"; readonly what: string };
  readonly isBlock: boolean;
}

/** A server that a pod's image names. */
export interface Database {
  readonly namespace: string;
  readonly engine: string;
  readonly image: string;
  /** Those of its pod, by their names. */
  readonly claims: readonly string[];
}

/** A persistent volume, as far as anybody here asks. */
export const volume = z.object({
  spec: z.object({
    claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
    csi: z
      .object({
        volumeHandle: z.string(),
        volumeAttributes: z.object({ server: z.string(), share: z.string() }).partial().default({}),
      })
      .optional(),
    nfs: z.object({ server: z.string(), path: z.string() }).optional(),
    hostPath: z.object({ path: z.string() }).optional(),
    local: z.object({ path: z.string() }).optional(),
    volumeMode: z.string().optional(),
  }),
  status: z.object({ phase: z.string().optional() }).default({}),
});
type Volume = z.output<typeof volume>;

export const pod = z.object({
  metadata: z.object({
    namespace: z.string(),
    ownerReferences: z.array(z.object({ kind: z.string() })).default([]),
  }),
  spec: z.object({
    containers: z.array(z.object({ image: z.string().default("") })),
    volumes: z
      .array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
      .default([]),
  }),
});
type Pod = z.output<typeof pod>;

/** What the clusters of the estate have, each that kubectl leads to. */
export async function seenIn(
  estate: Estate,
  choice: ClusterChoice,
): Promise<ReadonlyMap<string, Answered<SeenCluster>>> {
  return askClusters(Object.keys(estate.clusters), choice, estate, () => seenBy(choice, estate));
}

async function seenBy(
  choice: ClusterChoice,
  { monitoring: { prometheus, namespace } }: Estate,
): Promise<Answered<SeenCluster>> {
  const [volumes, pods, rules, routings, loaded] = await Promise.all([
    objectsOf(choice, "persistentvolumes", volume),
    objectsOf(choice, "pods", pod),
    objectsOf(choice, "prometheusrules.monitoring.coreos.com", prometheusRule),
    objectsOf(choice, "alertmanagerconfigs.monitoring.coreos.com", alertmanagerConfig),
    prometheus === undefined ? loadedIn(choice, namespace) : undefined,
  ]);
  if ("cause" in volumes) return volumes;
  if ("cause" in pods) return pods;
  const databases = pods.items.flatMap(databasesIn);
  const groups = "cause" in rules ? [] : rules.items.flatMap(groupsIn);
  return {
    ...{ claims: volumes.items.flatMap(claimOf), databases, groups, loaded },
    routings: "cause" in routings ? [] : routings.items,
    unanswered: [
      ...("cause" in rules && !isNoKind(rules.cause) ? [`its rules: ${rules.cause}`] : []),
      ...("cause" in routings && !isNoKind(routings.cause) ? [`its routes: ${routings.cause}`] : []),
      ...(loaded && "cause" in loaded ? [`${whatIsLoaded}: ${loaded.cause}`] : []),
    ],
  };
}

/** As kubectl says it of what no operator of this cluster has brought. */
function isNoKind(cause: string): boolean {
  return cause.includes("the server doesn't have a resource type");
}

/** A volume whose claim was deleted is nobody's any more. */
export function claimOf({ spec, status }: Volume): Claim[] {
  if (spec.claimRef === undefined || status.phase === "Released" || status.phase === "Failed") return [];
  return [{ ...spec.claimRef, lies: placeOf(spec), isBlock: spec.volumeMode === "Block" }];
}

function placeOf({ csi, nfs, hostPath, local }: Volume["spec"]): Claim["lies"] {
  if (nfs !== undefined) return { kind: "nfs", ...nfs };
  if (csi === undefined)
    return { kind: "elsewhere", what: (local ?? hostPath)?.path ?? "a volume of another kind" };
  const { server, share } = csi.volumeAttributes;
  if (server !== undefined && share !== undefined) return { kind: "nfs", server, path: share };
  // "region/zone/storage/disk", with the Proxmox CSI plugin.
  return { kind: "disk", disk: csi.volumeHandle.split("/").at(-1) ?? "" };
}

/** A Job's pod runs a client of one, as each dump does. */
export function databasesIn({ metadata: { namespace, ownerReferences }, spec }: Pod): Database[] {
  if (ownerReferences.some(({ kind }) => kind === "Job")) return [];
  const claims = spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
  return spec.containers.flatMap(({ image }): Database[] => {
    const engine = engineOf(image);
    return engine === undefined ? [] : [{ namespace, engine, image, claims }];
  });
}

/** Last names of images that serve a database, and the engine as an estate writes it. */
const engines: readonly (readonly [RegExp, string])[] = [
  [
    /^(postgres|postgresql|postgresql-repmgr|postgis|timescaledb|timescaledb-ha|spilo.*|pgvecto-rs|pgvector)$/,
    "postgresql",
  ],
  [/^(mysql|mysql-server|community-server|percona-server|percona-xtradb-cluster|percona)$/, "mysql"],
  [/^mariadb(-galera)?$/, "mariadb"],
  [/^(redis|redis-cluster|redis-stack-server|valkey|keydb)$/, "redis"],
  [/^etcd$/, "etcd"],
  [/^(vault|openbao)$/, "vault"],
  [/^prometheus$/, "prometheus"],
];

/** Its last name, without registry, tag and digest. */
export function imageName(image: string): string {
  return image.split("@", 1)[0]?.split("/").at(-1)?.split(":", 1)[0] ?? "";
}

function engineOf(image: string): string | undefined {
  const name = imageName(image);
  return engines.find(([pattern]) => pattern.test(name))?.[1];
}
