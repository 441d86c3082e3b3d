import type { EstateInput } from "../../plan";
import { accepted } from "../../stacks/builders";
import { operatorAddress } from "../namespace";
import { hasNode, readImages } from "../node/references";
import { owner, vaultwarden } from "./vaultwarden";

type Dump = NonNullable<EstateInput["layers"]["cluster-dump"]>[number];

/** Where the house's databases are dumped, and its application runs. */
export const dumpsNamespace = "dbaas";

/** Name of the stack's secret with the password of `databasePassword`. */
export const databaseSecret = "databases";

/** Jobs of the house's dumps. */
export const dumpNames = ["postgresql-backup", "mysql-backup", "vaultwarden-backup"] as const;

/** All of a dump but what it is of, at an hour of the night in which no other one is, and at a minute in which no mirror begins. */
export const nightly = (name: string, dataset: string, hour: number) => ({
  ...{ name, cluster: "k8s", namespace: dumpsNamespace, dataset },
  schedule: { cron: `1 ${hour} * * *` },
  target: { host: "pve", path: `/srv/nfs/${name}` },
  keep: { age: "14d" },
  ...{ usualRun: "30s", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "lab" } },
});

interface Dumped {
  readonly services: NonNullable<EstateInput["services"]>;
  readonly secrets: NonNullable<EstateInput["secrets"]>;
  /** Image of the cluster's own runners. */
  readonly runnerImage?: string;
  readonly dumps: Dump[];
  readonly waivers: NonNullable<EstateInput["waivers"]>;
}

/** What the lab's estate has of databases and their dumps: nothing where no node runs pods. */
export function dumpedOf(): Dumped {
  if (!hasNode()) return { services: {}, secrets: {}, dumps: [], waivers: [] };
  const images = readImages();
  const promise = { rpo: { "live-disk": "9d" }, rto: "4h" };
  const shop = (engine: "postgresql" | "mariadb") =>
    ({ kind: "database", name: engine, engine, on: { cluster: "k8s" }, size: "4MB" }) as const;
  const client = {
    server: { host: operatorAddress, namespace: dumpsNamespace },
    ...{ user: "backup", secret: databaseSecret },
  };
  return {
    runnerImage: images.runner,
    secrets: { [databaseSecret]: { keptIn: ["break-glass"] } },
    services: {
      shop: { data: [shop("postgresql"), shop("mariadb")], promise },
      vaultwarden: {
        data: [
          {
            ...{ kind: "volume", host: "pve", pool: "data", namespace: dumpsNamespace, claim: vaultwarden },
            ...{ size: "4MB", holds: "sqlite" },
          },
        ],
        promise,
      },
    },
    waivers: [
      {
        ...{ code: "order/assumed-not-enforced", subject: "nfs-mirror" },
        ...accepted("the mirror's next run is two minutes later"),
      },
      {
        ...{ code: "routes/backup-disk-stays", subject: "pve" },
        ...accepted("what a lab sends is its backup disk, on which the mirror has the dumps"),
      },
    ],
    dumps: [
      {
        ...nightly("postgresql-backup", "shop/postgresql", 1),
        dump: { engine: "postgresql", databases: "each", image: images.postgresql, ...client },
      },
      {
        ...nightly("mysql-backup", "shop/mariadb", 2),
        dump: { engine: "mariadb", databases: "each", image: images.mariadb, ...client },
      },
      {
        ...nightly("vaultwarden-backup", "vaultwarden", 3),
        dump: {
          ...{ engine: "sqlite", image: images.sqlite, owner, usedBy: { app: vaultwarden } },
          excludes: [{ name: "icon_cache", reason: "icons of web sites, fetched anew" }],
        },
      },
    ],
  };
}
