import { allClusterSeries } from "../alerts/standing-cluster";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import type { BadExample, Example, Mend } from "./check";

type Mirror = ExampleEstate["layers"]["nfs-mirror"][number];

/**
 * The sound example estate with a change made to it, for a check's page and tests. Made when it is asked for: a command that
 * checks an estate shows none of the hundreds.
 */
export function example(name: string, change: (estate: ExampleEstate) => void = () => undefined): Example {
  let made: Example["estate"] | undefined;
  return {
    name,
    get estate() {
      return (made ??= exampleWith(change));
    },
  };
}

/** A faulty example with the edits that its finding's fix tells of. The test of the catalogue makes each of them. */
export function mended(faulty: Example, ...mends: readonly Mend[]): BadExample {
  return {
    name: faulty.name,
    get estate() {
      return faulty.estate;
    },
    mends,
  };
}

/** The edit of giving the alert that `alertExample` adds another expression. */
export function rewritten(says: string, expr: string): Mend {
  return {
    says,
    edit: ({ monitoring }) => {
      for (const alert of monitoring.alerts ?? []) if (alert.name === "Extra") alert.expr = expr;
    },
  };
}

/** The sound example estate with some fields of its mirror replaced. */
export function mirrorExample(name: string, mirror: Partial<Mirror>): Example {
  return example(name, ({ layers }) => Object.assign(layers["nfs-mirror"][0] ?? {}, mirror));
}

type Schedule = ExampleEstate["layers"]["cluster-dump"][number]["schedule"];

/** The sound example estate with one more service, a wiki, and a dump of its database at the given times. */
export function dumpExample(name: string, schedule: Schedule, rpo: string): Example {
  return example(name, ({ services, layers }) => {
    services["wiki"] = {
      data: [
        {
          kind: "database",
          engine: "mariadb",
          on: { host: "pve", pool: "data", namespace: "dbaas" },
          size: "1GB",
          churnPerDay: "0B",
          growthPerDay: "0B",
        },
      ],
      promise: { rpo: { application: "60d" }, rto: "8h" },
      needs: ["etcd"],
      restoredByHand: { proven: "2026-05-01", every: "1095d" },
    };
    layers["cluster-dump"].push({
      name: "wiki-backup",
      cluster: "k8s",
      namespace: "wiki",
      dataset: "wiki",
      schedule,
      target: { host: "pve", path: "/srv/nfs/wiki-backup" },
      keep: { age: "30d" },
      usualRun: "1min",
      budget: "5min",
      promise: { rpo },
      alert: { receiver: "infra" },
    });
  });
}

type Own = ExampleEstate["monitoring"]["alerts"];

/** The sound example estate with one more alert of its own. */
export function alertExample(
  name: string,
  expr: string,
  more: Partial<NonNullable<Own>[number]> = {},
): Example {
  return example(name, ({ monitoring }) => {
    monitoring.alerts = [...(monitoring.alerts ?? []), { name: "Extra", expr, receiver: "infra", ...more }];
  });
}

type Statement = ExampleEstate["statements"][number];

/** The sound example estate with a document that says some things of it: about, fact and what it says. */
export function statementsExample(
  name: string,
  ...statements: (readonly [about: string, fact: Statement["fact"], says: string])[]
): Example {
  return example(name, estate => {
    estate.statements = statements.map(([about, fact, says], index) => ({
      where: `page ${index + 1}`,
      about,
      fact,
      says,
    }));
  });
}

/** The sound example estate with a dump of its volume by SQLite's client, and what else is said of that volume. */
export function sqliteDumpExample(name: string, volume: { readonly holds?: "sqlite" }): Example {
  return example(name, ({ clusters, services, layers, monitoring }) => {
    const image = `docker.io/library/some@sha256:${"0123456789abcdef".repeat(4)}`;
    Object.assign(clusters["k8s"] ?? {}, { runnerImage: image });
    Object.assign(services["nextcloud"]?.data[0] ?? {}, volume);
    const [other] = layers["cluster-dump"];
    if (!other) throw new Error("the example has a dump");
    layers["cluster-dump"].push({
      ...other,
      ...{ name: "nextcloud-backup", namespace: "nextcloud", dataset: "nextcloud" },
      ...{ target: { host: "pve", path: "/srv/nfs/nextcloud-backup" }, keep: { age: "30d" }, size: "1GB" },
      schedule: { cron: "30 0 * * *" },
      dump: { engine: "sqlite", image, owner: 33, usedBy: { app: "nextcloud" } },
    });
    monitoring.exporters?.push(kubeStateMetrics(allClusterSeries));
  });
}

/** An exporter that tells of CronJobs. */
export function kubeStateMetrics(metrics: readonly string[]) {
  return { job: "kube-state-metrics", instances: ["kube-state-metrics"], metrics: [...metrics] };
}
