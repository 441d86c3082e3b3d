import type { EstateInput } from "../../plan";
import { estateWith } from "./estate";

export const digest = "0123456789abcdef".repeat(4);
export type Dump = NonNullable<EstateInput["layers"]["cluster-dump"]>[number];

/** A house with one PostgreSQL server, dumped by its own client each night. */
export function withDump(
  more: Partial<Dump> = {},
  engine: "postgresql" | "redis" | "etcd" | "vault" = "postgresql",
): EstateInput {
  const estate = estateWith();
  return {
    ...estate,
    clusters: {
      k8s: {
        ...{ hosts: ["pve"], disk: "sdc", api: "https://k8s.example:6443" },
        runnerImage: `docker.io/library/node:24-bookworm-slim@sha256:${digest}`,
      },
    },
    waivers: [
      {
        ...{ code: "routes/no-route-off-site", subject: "postgresql" },
        ...{ reason: "there is no other site in this test", owner: "nobody", expires: "2027-01-01" },
      },
    ],
    secrets: { "postgresql-backup": { keptIn: ["break-glass"] } },
    services: {
      postgresql: {
        data: [{ kind: "database", engine, on: { cluster: "k8s" }, size: "4GB" }],
      },
    },
    layers: {
      ...estate.layers,
      "cluster-dump": [
        {
          ...{ name: "postgresql-backup", cluster: "k8s", namespace: "dbaas", dataset: "postgresql" },
          schedule: { cron: "10 0 * * *" },
          target: { host: "pve", path: "/srv/nfs/postgresql-backup" },
          keep: { age: "14d" },
          ...{ usualRun: "3min", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "infra" } },
          dump: {
            ...{ engine: "postgresql", databases: "together", user: "backup", secret: "postgresql-backup" },
            image: `docker.io/library/postgres:15@sha256:${digest}`,
            server: { host: "postgresql.dbaas.svc.cluster.local", namespace: "dbaas" },
          },
          ...more,
        },
      ],
    },
  };
}
