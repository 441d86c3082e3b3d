import type { EstateInput } from "../plan";
import { parseSize } from "../plan/units/size";

export type ServiceInput = NonNullable<EstateInput["services"]>[string];
type Dump = NonNullable<EstateInput["layers"]["cluster-dump"]>[number];
type Data = ServiceInput["data"][number];
type Database = Extract<Data, { kind: "database" }>;
type Rpo = NonNullable<ServiceInput["promise"]>["rpo"];

/** What most services are owed. */
const rto = "8h";

/**
 * What of it changes each day and what is new, guessed until somebody has measured it: a hundredth is written anew, and it
 * grows by a tenth in a year.
 */
export function changing(size: string): Pick<Data, "churnPerDay" | "growthPerDay"> {
  const share = (part: number): string => `${Math.round(parseSize(size) * part)}B`;
  return { churnPerDay: share(1 / 100), growthPerDay: share(1 / 3650) };
}

/** What no drill restores, a person brings back beside its own place, once a year. */
export const byHand = { proven: "2026-10-15", every: "365d" };

/** A database with a dump of its own. */
export function database(
  engine: Database["engine"],
  on: Database["on"],
  size: string,
  needs: string[] = [],
): ServiceInput {
  return {
    data: [{ kind: "database", engine, on, size, ...changing(size) }],
    promise: { rpo: { application: "26h", "live-disk": "28h", site: "32h", "host-root": "60h" }, rto },
    needs,
    restoredByHand: byHand,
  };
}

/** A thin volume of a claim that is called after its service. */
export function volume(
  namespace: string,
  size: string,
  more: Partial<Extract<Data, { kind: "volume" }>> = {},
): ServiceInput {
  return {
    data: [{ kind: "volume", host: "pve", pool: "data", namespace, size, ...changing(size), ...more }],
    promise: { rpo: { application: "13h", "live-disk": "32h", site: "34h", "host-root": "60h" }, rto },
    needs: ["etcd"],
  };
}

/** A folder in an NFS tree. */
export function directory(path: string, size: string, rpo: Rpo = { application: "26h" }): ServiceInput {
  return {
    data: [{ kind: "tree", host: "pve", path, size, ...changing(size) }],
    promise: { rpo: { "live-disk": "31h", site: "31h", "host-root": "60h", ...rpo }, rto: "24h" },
  };
}

/** A folder that is not backed up, and promised nothing; it gets no larger. */
export function leftOut(path: string, size: string, reason: string): ServiceInput {
  return {
    data: [{ kind: "tree", host: "pve", path, size, growthPerDay: "0B", unprotected: accepted(reason) }],
  };
}

/** Who answers for what is left out, and until when that has to be thought over again. */
export function accepted(reason: string): NonNullable<Data["unprotected"]> {
  return { reason, owner: "viktor", expires: "2027-06-30" };
}

/** Secrets of which one copy is at hand and another one with a person. */
export function inVaultAndEnvelope(...names: string[]): NonNullable<EstateInput["secrets"]> {
  return Object.fromEntries(names.map(name => [name, { keptIn: ["vault", "break-glass"] }]));
}

/** A Slack channel; its webhook is the entry of that name in the monitoring namespace's Secret. */
export function slack(channel: string): NonNullable<EstateInput["receivers"]>[string] {
  return { kind: "slack", channel: `#${channel}`, webhookSecret: { name: "holdfast-slack", key: channel } };
}

/** A Pushgateway of the cluster, by a secret that is called after it. @param address a node's, with the port on each of them */
export function ownPushgateway(address: string, storageClass: string) {
  return {
    pushgateway: address,
    pushgatewayLogin: { user: "holdfast", password: "pushgateway" },
    pushgatewayServer: { cluster: "k8s", image: "docker.io/prom/pushgateway:v1.11.1", storageClass },
  };
}

/** Whose client makes a dump: of a service that is called after what it has, by a secret that is called after the job. */
type DumpClient =
  | { engine: "postgresql" | "mysql"; image: string; user: string; databases?: "together" | "each" }
  | { engine: "redis"; image: string }
  | { engine: "vault"; image: string; tls: boolean }
  | { engine: "prometheus"; image: string; claim: string };

/** A dump into the NFS tree, of ten minutes at most. Without a client, another program makes it. */
export function dump(
  name: string,
  namespace: string,
  dataset: string,
  cron: string,
  keep: string,
  alert: Dump["alert"],
  client?: DumpClient,
  size?: string,
): Dump {
  return {
    name,
    cluster: "k8s",
    namespace,
    dataset,
    schedule: { cron },
    target: { host: "pve", path: `/srv/nfs/${name}` },
    keep: { age: keep },
    usualRun: "3min",
    budget: "10min",
    timeout: "12min",
    promise: { rpo: "27h" },
    alert,
    ...(size !== undefined && { size }),
    ...(client && { dump: clientOf(client, name, namespace, dataset) }),
  };
}

function clientOf(client: DumpClient, name: string, namespace: string, dataset: string): Dump["dump"] {
  const server = { host: `${dataset}.${namespace}.svc.cluster.local`, namespace };
  switch (client.engine) {
    case "redis":
      return { ...client, server, user: "default", secret: name };
    case "vault":
      return { ...client, server, secret: name };
    // Its chart calls the service as the claim, and has it answer at port 80.
    case "prometheus":
      return {
        ...client,
        server: { host: `${client.claim}.${namespace}.svc.cluster.local`, port: 80, namespace },
        usedBy: { "app.kubernetes.io/name": dataset },
      };
    default:
      return { databases: "each", ...client, server, secret: name };
  }
}

/** The cluster's own word on its CronJobs and their pods. */
export const kubeStateMetrics = {
  job: "kube-state-metrics",
  instances: ["kube-state-metrics"],
  metrics: [
    "kube_cronjob_info",
    "kube_cronjob_spec_suspend",
    "kube_cronjob_status_last_schedule_time",
    "kube_cronjob_status_last_successful_time",
    "kube_pod_container_status_waiting_reason",
  ],
};
