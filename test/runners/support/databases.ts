import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { goodDumpsOf } from "../../../cluster-scripts/cluster-dump/manifest";
import { owner } from "../../../lab/house/vaultwarden";
import { until } from "../../../lab/process";
import type { EstateInput } from "../../../plan";
import { type Application, startApplication } from "./application";
import { createDumpWorld, type DumpWorld } from "./dump-world";
import { serveEtcd, startEtcd } from "./etcd-server";
import { startMariadb } from "./mariadb-server";
import type { MountNamespace } from "./namespace";
import { type DatabaseServer, startPostgresql } from "./postgresql-server";
import { startRedis } from "./redis-server";
import { backupSecret, startVault, type VaultServer } from "./vault-server";

type ClusterDump = NonNullable<EstateInput["layers"]["cluster-dump"]>[number];

/** Where a server runs, and what it has there. */
export interface Place {
  readonly namespace: MountNamespace;
  readonly folder: string;
}

/** What of a Vault lies outside of it: what unseals it, and the token of who may read all. */
export type VaultKeys = Readonly<Record<"vault-unseal" | "vault-root", string>>;

/** A kind of database, each with a service that is called after it: how it is dumped, and what a service does in it. */
interface Kind {
  readonly job: string;
  /** When it is dumped. */
  readonly time: string;
  readonly needs?: readonly string[];
  readonly dump: ClusterDump["dump"];
  /** Client's script of the dump's pod. */
  readonly script: string;
  start(place: Place): Promise<DatabaseServer>;
  /** What it is before the first service writes. */
  begin(server: DatabaseServer, place: Place): Promise<unknown>;
  write(server: DatabaseServer, at: string): Promise<unknown>;
  /** A line for each instant that was written. */
  written(server: DatabaseServer): Promise<string>;
  /** The step of a person, where no job restores it. @param snapshot the newest good one's path @returns the server that has it then */
  byHand?(server: DatabaseServer, place: Place, snapshot: string, keys: VaultKeys): Promise<DatabaseServer>;
}

const image = `registry.example/client@sha256:${"b".repeat(64)}`;
const asked = (name: string) =>
  ({ image, server: { host: `${name}.example`, namespace: "dbaas" }, secret: "databases" }) as const;
const user = "backup";
const table = "create table written (at varchar(64))";
const insert = (at: string): string => `insert into written values ('${at}')`;
const select = "select at from written";
const kinds = {
  etcd: {
    ...{ job: "etcd-backup", time: "01:00", script: "etcd-server.sh" },
    dump: { engine: "etcd", image, server: { host: "192.168.1.20" }, secret: "databases" },
    start: ({ namespace, folder }) => startEtcd(namespace, folder),
    begin: () => Promise.resolve(),
    write: ({ sql }, at) => sql(`put\n/${at}\nwritten`),
    written: ({ sql }) => sql("get\n--prefix\n/\n--keys-only"),
    async byHand(server, { namespace, folder }, snapshot) {
      await server.stop();
      const data = join(folder, "restored");
      await server.client(["etcdctl", "snapshot", "restore", snapshot, `--data-dir=${data}`]);
      return serveEtcd(namespace, folder, data);
    },
  },
  vault: {
    ...{ job: "vault-backup", time: "01:05", script: "vault-server.sh", needs: ["etcd"] },
    dump: { engine: "vault", ...asked("vault") },
    start: ({ namespace, folder }) => startVault(namespace, folder, "data"),
    async begin(server, { folder }) {
      writeFileSync(
        join(folder, "password"),
        await backupSecret(server as VaultServer, join(folder, "data")),
      );
      await server.sql("secrets\nenable\n-version=2\n-path=secret\nkv");
    },
    write: ({ sql }, at) => sql(`kv\nput\nsecret/${at}\nwritten=yes`),
    written: ({ sql }) => sql("kv\nlist\nsecret/"),
    async byHand(server, _place, snapshot, keys) {
      const { as } = server as VaultServer;
      await server.sql(`operator\nraft\nsnapshot\nrestore\n-force\n${snapshot}`);
      await as("", `operator\nunseal\n${keys["vault-unseal"]}`);
      const sql = (words: string): Promise<string> => as(keys["vault-root"], words);
      const leads = (): Promise<boolean> =>
        sql("kv\nlist\nsecret/").then(
          () => true,
          () => false,
        );
      if (!(await until(leads, 120_000, 200))) throw new Error("the Vault can't be read with the old keys");
      return { ...server, sql };
    },
  },
  postgresql: {
    ...{ job: "postgresql-backup", time: "01:10", script: "postgresql-databases.sh", needs: ["vault"] },
    dump: { engine: "postgresql", databases: "each", user, ...asked("postgresql") },
    start: ({ namespace, folder }) => startPostgresql(namespace, folder),
    async begin({ sql }) {
      await sql("create database shop");
      await sql(table, "shop");
    },
    write: ({ sql }, at) => sql(insert(at), "shop"),
    written: ({ sql }) => sql(select, "shop"),
  },
  mariadb: {
    ...{ job: "mysql-backup", time: "01:15", script: "mariadb-server.sh", needs: ["vault"] },
    dump: { engine: "mariadb", databases: "together", user, ...asked("mariadb") },
    start: ({ namespace, folder }) => startMariadb(namespace, folder),
    begin: ({ sql }) => sql(`create database shop; use shop; ${table}`),
    write: ({ sql }, at) => sql(insert(at), "shop"),
    written: ({ sql }) => sql(select, "shop"),
  },
  redis: {
    ...{ job: "redis-backup", time: "01:20", script: "redis-server.sh", needs: ["vault"] },
    dump: { engine: "redis", user: "default", ...asked("redis") },
    start: ({ namespace, folder }) => startRedis(namespace, folder),
    begin: () => Promise.resolve(),
    write: ({ sql }, at) => sql(`set ${at} written`),
    written: ({ sql }) => sql("keys *"),
  },
  vaultwarden: {
    ...{ job: "vaultwarden-backup", time: "01:25", script: "sqlite-files.sh", needs: ["vault"] },
    dump: { engine: "sqlite", image, owner, usedBy: { app: "vaultwarden" } },
    start: ({ namespace, folder }) => startApplication(namespace, folder),
    begin: server => (server as Application).begin(),
    write: ({ sql }, at) => sql(`insert into users values ('${at}', 'someone')`),
    written: ({ sql }) => sql("select uuid from users where email = 'someone'"),
  },
} satisfies Record<string, Kind>;

export type Engine = keyof typeof kinds;
export const engines = Object.keys(kinds) as Engine[];
const kindOf = (engine: Engine): Kind => kinds[engine];
export const jobOf = (engine: Engine): string => kindOf(engine).job;
export const timeOf = (engine: Engine): string => kindOf(engine).time;

/** What an estate has of it: a service, and its dump. */
export function estateOf(engine: Engine): {
  service: NonNullable<EstateInput["services"]>[string];
  dump: ClusterDump;
} {
  const { job, time, needs, dump } = kindOf(engine);
  const promise = { rpo: { "live-disk": "30h", site: "33h" }, rto: "8h" };
  const [hour, minute] = time.split(":");
  const data =
    engine === "vaultwarden"
      ? ({ kind: "volume", host: "pve", pool: "data", namespace: "dbaas", holds: "sqlite" } as const)
      : ({ kind: "database", engine, on: { cluster: "k8s" } } as const);
  return {
    service: { data: [{ ...data, size: "1MB" }], promise, ...(needs && { needs: [...needs] }) },
    dump: {
      ...{ name: job, cluster: "k8s", namespace: "dbaas", dataset: engine, dump },
      schedule: { cron: `${Number(minute)} ${Number(hour)} * * *` },
      target: { host: "pve", path: `/srv/nfs/${job}` },
      ...{ keep: { age: "30d" }, usualRun: "2min", budget: "10min" },
      ...{ promise: { rpo: "27h" }, alert: { receiver: "infra" } },
    },
  };
}

/** A server that runs, and the pods of its dumps. */
export interface Database {
  readonly engine: Engine;
  server: DatabaseServer;
  /** Fills a server that is new. */
  begin(): Promise<unknown>;
  write(at: string): Promise<unknown>;
  /** Instants, the earliest first. */
  written(): Promise<string[]>;
  dump(at: string): Promise<void>;
  /** What a job that is asked for it says, and whether it ends well. */
  ask(what: string, at: string): Promise<{ said: string; isWell: boolean }>;
  /** The step of a person. @throws where a job does it */
  byHand(keys: VaultKeys): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param mountTarget mounts the folder of its dumps
 * @param started is told of the server before
 */
export async function startDatabase(
  engine: Engine,
  mountTarget: (namespace: MountNamespace, target: string) => Promise<unknown>,
  started: (server: DatabaseServer) => void = () => undefined,
): Promise<Database> {
  const kind = kindOf(engine);
  let place: Place | undefined;
  const there = (): Place => {
    if (!place) throw new Error(`${engine} hasn't begun`);
    return place;
  };
  const accounts = engine === "vaultwarden" ? { client: owner, runner: 64_738 } : undefined;
  const world: DumpWorld = await createDumpWorld(
    kind.job,
    async (namespace, folder) => {
      const server = await kind.start((place = { namespace, folder }));
      started(server);
      return server;
    },
    accounts,
    undefined,
    mountTarget,
  );
  const database: Database = {
    engine,
    server: world.server,
    begin: () => kind.begin(database.server, there()),
    write: at => kind.write(database.server, at),
    written: async () =>
      (await kind.written(database.server)).match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g)?.sort() ?? [],
    async dump(at) {
      const { runner, client } = await world.pod(kind.script, { at });
      if (runner.status !== 0)
        throw new Error(`${kind.job}: ${runner.stdout}${runner.stderr}${client.stderr}`);
    },
    async ask(what, at) {
      const { runner } = await world.ask(kind.script.replace(/-.*/, "-restore.sh"), what, { at });
      return { said: runner.stdout + runner.stderr, isWell: runner.status === 0 };
    },
    async byHand(keys) {
      const newest = goodDumpsOf(world.target).at(-1);
      if (!newest || !kind.byHand) throw new Error(`nobody restores ${engine} by hand, or of no dump`);
      const snapshot = join(world.config.target, newest.manifest.file);
      database.server = await kind.byHand(database.server, there(), snapshot, keys);
    },
    async close() {
      // What a person has made of it is another one.
      if (database.server !== world.server) await database.server.stop();
      await world.close();
    },
  };
  return database;
}
