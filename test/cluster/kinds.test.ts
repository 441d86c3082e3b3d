import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nightly } from "../../lab/house/dumps";
import {
  inVaultwarden,
  owner,
  startVaultwarden,
  stopVaultwarden,
  vaultwarden,
} from "../../lab/house/vaultwarden";
import { labDir } from "../../lab/facts";
import { operatorAddress } from "../../lab/namespace";
import { holdfastOf } from "../../lab/night/holdfast";
import { importMoreImages } from "../../lab/node/more-images";
import { readImages } from "../../lab/node/references";
import { until } from "../../lab/process";
import { queryPrometheus } from "../../lab/servers";
import type { EstateInput } from "../../plan";
import { startMariadb } from "../runners/support/mariadb-server";
import type { MountNamespace } from "../runners/support/namespace";
import { type DatabaseServer, password, startPostgresql } from "../runners/support/postgresql-server";
import { startRedis } from "../runners/support/redis-server";
import {
  application,
  database,
  endOf,
  namespace,
  restorePrinted,
  startJob,
  whenDue,
  withDumps,
} from "./dump-cluster";
import { stand } from "./stand";

// The other kinds of dumps, each as it was deployed, by real pods on the lab's node: servers that they reach by network, and an
// application's volume on that node.
jest.setTimeout(900_000);

let images: Awaited<ReturnType<typeof importMoreImages>>;
let postgresql: DatabaseServer;
let mariadb: DatabaseServer;
let redis: DatabaseServer;

const cluster = stand({
  name: "cluster-dump-kinds",
  serve: startDatabases,
  estate: withAll,
  secrets: () => ({ "postgresql-backup": password, "mysql-backup": password, "redis-backup": password }),
});

async function startDatabases(mounts: MountNamespace, folder: string): Promise<readonly DatabaseServer[]> {
  const folderOf = (name: string): string => {
    const made = join(folder, name);
    mkdirSync(made);
    return made;
  };
  [postgresql, mariadb, redis, images] = await Promise.all([
    startPostgresql(mounts, folderOf("postgresql"), operatorAddress),
    startMariadb(mounts, folderOf("mariadb"), operatorAddress),
    startRedis(mounts, folderOf("redis"), operatorAddress),
    importMoreImages(),
    startVaultwarden(namespace),
  ]);
  await postgresql.sql("create database shop");
  await postgresql.sql(
    "create table orders as select n as id, 'order ' || n as note from generate_series(1, 3000) n; create role reader; grant select on orders to reader",
    "shop",
  );
  await mariadb.sql(`create database shop; use shop;
    create table orders (id int primary key auto_increment, note text, image blob, index by_note (note(20)));
    insert into orders (note, image) select concat('order (', seq, ')\\n(2'), x'00ff27' from seq_1_to_3000;
    create procedure hello() select 1; create user reader@localhost; grant select on shop.* to reader@localhost;`);
  const many = Array.from({ length: 1200 }, (_, n) => `set key${n} value${n}`);
  await redis.sql([...many, "rpush list a b c", "select 3", "hset other field value"].join("\n"));
  return [postgresql, mariadb, redis];
}

/** Of a dump, in an empty server of its image's own. */
const drillOf = (name: string) => ({
  ...{ name: `${name}-drill`, schedule: { cron: "30 4 * * 0" }, usualRun: "1min", budget: "10min" },
  ...{ promise: { rpo: "9d" }, alert: { receiver: "lab" } },
});

function withAll(own: EstateInput): EstateInput {
  const { redis: redisImage, sqlite: sqliteImage } = readImages();
  const server = { host: operatorAddress, namespace };
  const { pve } = own.hosts;
  if (!pve) throw new Error("the estate has no host pve");
  const pool = { vg: "pve", disk: "sdc", size: "7GB", used: "1GB", metadata: { size: "64MB", used: "8MB" } };
  return withDumps(
    { ...own, hosts: { pve: { ...pve, pools: { data: pool } } } },
    {
      ...{ postgresql: database("postgresql"), mysql: database("mariadb"), redis: database("redis") },
      vaultwarden: application(vaultwarden),
    },
    [
      {
        ...nightly("postgresql-backup", "postgresql", 2),
        dump: {
          ...{ engine: "postgresql", databases: "together", image: images.postgresql, server },
          ...{ user: "backup", secret: "postgresql-backup", drill: drillOf("postgresql") },
        },
      },
      {
        ...nightly("mysql-backup", "mysql", 1),
        dump: {
          ...{ engine: "mariadb", databases: "together", image: images.mariadb, server },
          ...{ user: "backup", secret: "mysql-backup", drill: drillOf("mysql") },
        },
      },
      {
        ...nightly("redis-backup", "redis", 0),
        dump: {
          ...{ engine: "redis", image: redisImage, server, user: "default", secret: "redis-backup" },
          drill: drillOf("redis"),
        },
      },
      {
        ...nightly("vaultwarden-backup", "vaultwarden", 23),
        dump: {
          ...{ engine: "sqlite", image: sqliteImage, owner, usedBy: { app: vaultwarden } },
          excludes: [{ name: "icon_cache", reason: "icons of web sites, fetched anew" }],
          integrity: {
            ...{ name: "vaultwarden-integrity", schedule: { cron: "20 * * * *" }, usualRun: "10s" },
            ...{ budget: "5min", promise: { rpo: "3h" }, alert: { receiver: "lab" } },
          },
        },
      },
    ],
  );
}

/** By service: what it has, as text; and how all of that is lost. */
const kinds = {
  mysql: {
    state: () =>
      mariadb.sql(
        "select count(*), hex(max(image)), max(id) from shop.orders; show create table shop.orders; show grants for reader@localhost; call shop.hello()",
      ),
    lose: () => mariadb.sql("drop database shop; drop user reader@localhost"),
  },
  redis: {
    state: () => redis.sql("dbsize\nget key7\nlrange list 0 -1\nselect 3\nhgetall other"),
    lose: () => redis.sql("flushall"),
  },
  vaultwarden: {
    state: () =>
      inVaultwarden(`sqlite3 -batch db.sqlite3 'pragma integrity_check; select * from users order by 1;
select count(*), sum(length(data)) from ciphers'
find . -path './.holdfast*' -prune -o -path './icon_cache*' -prune -o ! -name 'db.sqlite3*' -printf '%y %m %U %p\\n' | sort
cat rsa_key.pem config.json attachments/c1/*`),
    // It has gone with its pod, as of a power cut: what is restored has to have what was in its log alone.
    lose: async () => {
      await stopVaultwarden(namespace);
      await inVaultwarden("rm -r db.sqlite3* attachments rsa_key.pem config.json");
    },
  },
} as const;

test("each look at the application's live database tells that it is sound", async () => {
  expect(await whenDue("vaultwarden-integrity")).toBe("Succeeded");
  const flag = async () => (await queryPrometheus(`vaultwarden_sqlite_integrity_ok{status="ok"}`))[0]?.value;
  expect(await until(async () => (await flag()) === 1, 60_000, 1_000)).toBe(true);
});

test.each(["mysql", "redis", "vaultwarden"] as const)(
  "a dump of %s by its CronJob's pod makes what lost everything what it was, by what is printed",
  async service => {
    const { state, lose } = kinds[service];
    const before = await state();
    expect(await whenDue(`${service}-backup`)).toBe("Succeeded");
    await lose();
    expect(await state().catch(() => "nothing")).not.toBe(before);
    expect(await restorePrinted(cluster().estate, service)).toContain("is complete");
    expect(await state()).toBe(before);
  },
);

test.each(["postgresql", "mysql", "redis"] as const)(
  "the newest dump of %s comes back in an empty server of a pod's own, which has neither the other one nor its secret",
  async service => {
    expect(await endOf(await startJob(`${service}-backup`))).toMatchObject({ end: "Complete" });
    const drill = `${service}-drill`;
    expect(await endOf(await startJob(drill))).toMatchObject({ end: "Complete" });
    const proved = async () => (await queryPrometheus(`dump_drill_proved_dumps{job="${drill}"}`))[0]?.value;
    expect(await until(async () => (await proved()) === 1, 60_000, 1_000)).toBe(true);
    const file = join(labDir, "kinds.json");
    writeFileSync(file, JSON.stringify(cluster().estate));
    const told = JSON.parse(await holdfastOf(file, "evidence", "--json")) as object;
    const of = { job: drill, state: "sound", notes: [], records: 1 };
    expect(told).toMatchObject({
      hosts: expect.arrayContaining([expect.objectContaining(of)]),
      services: expect.arrayContaining([
        expect.objectContaining({ service, proved: expect.any(String), notProved: [] }),
      ]),
    });
  },
);
