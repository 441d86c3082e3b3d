import type { EstateInput } from "../../../plan";
import { dumpExample } from "../../../checks/examples";
import type { SshServer } from "./sshd";

const digest = "0123456789abcdef".repeat(4);

/** Names of its secrets that a deployment asks for. */
export const recordedSecrets = [
  "nas-key",
  "nas-look-key",
  "nas-look-password",
  "pfsense-key",
  "pfsense-ssh-key",
  "pve-calls",
];

/** The example with all that this version can install: each runner, each kind of deployment, access to a cluster, secrets. */
export function estateToRecord({ host, port, user, hostKey }: SshServer, api: string): EstateInput {
  const { estate } = dumpExample("a database of a cluster", { cron: "10 0 * * *" }, "27h");
  const { layers, hosts, destinations, clusters, services } = estate;
  Object.assign(hosts["pve"] ?? {}, { address: host, ssh: { port, user, hostKey } });
  Object.assign(clusters?.["k8s"] ?? {}, {
    reachedAs: [api],
    runnerImage: `docker.io/library/node@sha256:${digest}`,
  });
  Object.assign(destinations?.["nas"] ?? {}, { receives: { tree: "/Backup", secret: "nas-key" } });
  Object.assign(layers["cluster-dump"]?.find(({ dataset }) => dataset === "wiki") ?? {}, {
    namespace: "monitoring",
    dump: {
      ...{ engine: "mariadb", databases: "together", user: "backup", secret: "nas-look-password" },
      image: `docker.io/library/mariadb@sha256:${digest}`,
      server: { host: "mariadb.monitoring.svc.cluster.local", namespace: "monitoring" },
      drill: {
        ...{ name: "wiki-drill", schedule: { cron: "30 8 * * 0" }, usualRun: "10min", budget: "1h" },
        ...{ promise: { rpo: "9d" }, alert: { receiver: "infra" } },
      },
    },
  });
  const [wiki] = layers["cluster-dump"]?.filter(({ dataset }) => dataset === "wiki") ?? [];
  // The lab's cluster has that one namespace; and a volume whose dumps fit.
  Object.assign(services?.["wiki"]?.data[0] ?? {}, {
    on: { host: "pve", pool: "data", namespace: "monitoring" },
  });
  Object.assign(services?.["nextcloud"]?.data[0] ?? {}, { namespace: "monitoring", size: "1GB" });
  layers["cluster-dump"]?.push({
    ...(wiki as NonNullable<typeof wiki>),
    ...{ name: "nextcloud-backup", dataset: "nextcloud", schedule: { cron: "40 0 * * *" } },
    target: { host: "pve", path: "/srv/nfs/nextcloud-backup" },
    dump: {
      ...{ engine: "sqlite", image: `docker.io/keinos/sqlite3@sha256:${digest}`, owner: 33 },
      usedBy: { app: "nextcloud" },
      integrity: {
        ...{ name: "nextcloud-integrity", schedule: { cron: "20 * * * *" }, usualRun: "10s", budget: "5min" },
        ...{ promise: { rpo: "3h" }, alert: { receiver: "infra" } },
      },
    },
  });
  return estate;
}
