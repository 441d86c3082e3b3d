import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../../cli/evidence/ask";
import { type ExampleEstate, exampleEstate } from "../../../plan/estate/example";
import type { EstateInput } from "../../../plan";
import { type DrillFacts, type DrillRecord, lineOf, readChain } from "../../../plan/contracts/drill-record";

/** The example's estate with drills of the backup disk alone: nobody is let in at its destination. */
export function drilledOnDisk(): ExampleEstate {
  const estate = exampleEstate();
  delete estate.destinations["nas"]?.receives;
  return estate;
}

/** What a host does first that has the records which were laid down in a folder. */
export function withRecordsOf(folder: string): string {
  return [
    "mount -t tmpfs none /mnt && mount -t tmpfs none /var/lib",
    "mkdir -p /var/lib/holdfast /mnt/backup/.holdfast",
    `cp -a ${folder}/own /var/lib/holdfast/restore-drill && cp -a ${folder}/disk /mnt/backup/.holdfast/restore-drill`,
  ].join(" && ");
}

/** Empties the places of a host's records. */
export function clearRecords(folder: string): void {
  for (const name of ["own", "disk"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name));
  }
}

/** The example's with a dump whose drill leaves records beside it. */
export function withDrilledDump(): EstateInput {
  const estate = drilledOnDisk();
  const digest = "0123456789abcdef".repeat(4);
  const times = { usualRun: "2min", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "infra" } };
  return {
    ...estate,
    clusters: {
      k8s: { hosts: ["pve"], disk: "sdc", runnerImage: `docker.io/library/node:24@sha256:${digest}` },
    },
    secrets: { ...estate.secrets, "redis-backup": { keptIn: ["break-glass"] } },
    services: {
      ...estate.services,
      redis: {
        data: [{ kind: "database", engine: "redis", on: { cluster: "k8s" }, size: "1GB" }],
        promise: { rpo: { application: "27h" }, rto: "1h" },
      },
    },
    layers: {
      ...estate.layers,
      "cluster-dump": [
        ...estate.layers["cluster-dump"],
        {
          ...{ name: "redis-backup", cluster: "k8s", namespace: "redis", dataset: "redis" },
          ...{ schedule: { cron: "20 1 * * *" }, target: { host: "pve", path: "/srv/nfs/redis-backup" } },
          ...{ keep: { age: "14d" }, ...times },
          dump: {
            ...{ engine: "redis", user: "backup", secret: "redis-backup" },
            image: `docker.io/library/redis:8@sha256:${digest}`,
            server: { host: "redis.redis.svc.cluster.local", namespace: "redis" },
            drill: { ...times, name: "redis-drill", schedule: { cron: "30 3 * * *" } },
          },
        },
      ],
    },
  };
}

/** Records as the program that drills writes them. */
export function chainText(all: readonly DrillFacts[]): string {
  let before: DrillRecord | undefined;
  let text = "";
  for (const each of all) {
    const line = lineOf(each, before, sha256);
    before = readChain(line, sha256).records[0] ?? before;
    text += line;
  }
  return text;
}

/** Lays records down in both files, as the host's program writes them. @param change of the text in one or both */
export function layRecords(
  folder: string,
  all: readonly DrillFacts[],
  change: (text: string) => string | { own?: string; disk?: string } = text => text,
): void {
  const text = chainText(all);
  const changed = change(text);
  const { own = text, disk = text } = typeof changed === "string" ? { own: changed, disk: changed } : changed;
  writeFileSync(join(folder, "own/evidence.log"), own);
  writeFileSync(join(folder, "disk/evidence.log"), disk);
  writeFileSync(join(folder, "own/drills.json"), JSON.stringify({ seen: {}, lastRecord: all.length }));
}
