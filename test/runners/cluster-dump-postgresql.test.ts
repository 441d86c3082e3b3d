import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { inTime, testLong } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { startPostgresql } from "./support/postgresql-server";

let world: DumpWorld;

const oddName = `shop "of' all\\ \n-things/x`;
const odd = "shop%20%22of%27%20all%5C%20%0A-things%2Fx";

beforeAll(async () => {
  world = await createDumpWorld("postgresql-backup", startPostgresql);
  const { server } = world;
  await server.sql(`create role reader login password 'secret';
    create database shop; create database closed;
    alter database closed allow_connections false;`);
  await server.sql(
    `create table orders (id serial primary key, note text);
     insert into orders (note) select 'order ' || n from generate_series(1, 3000) n;
     create table "odd (name" (a int); insert into "odd (name" values (1), (2);
     select lo_from_bytea(4711, 'a large object');
     grant select on orders to reader;`,
    "shop",
  );
});
afterAll(() => world.close());
afterEach(() => world.reset());

describe("the whole server", () => {
  test("is kept as one dump that restores everything, with what it has in its manifest", async () => {
    const { client, runner } = await world.pod("postgresql-server.sh");
    expect([client.status, runner.status, runner.stdout]).toEqual([
      0,
      0,
      expect.stringMatching(/1 good dumps[^]*database "closed" has no dump: it lets nobody connect/),
    ]);
    const files = world.files();
    expect(files).toEqual([
      expect.stringMatching(/^dump_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.json$/),
      expect.stringMatching(/^dump_.*\.sql\.gz$/),
    ]);
    const path = join(world.target, files[1] ?? "");
    const bytes = readFileSync(path);
    const text = gunzipSync(bytes).toString();
    expect(text).toContain("CREATE ROLE reader");
    expect(readManifest(join(world.target, files[0] ?? ""))).toMatchObject({
      ...{ job: "postgresql-backup", database: "", form: "postgresql-sql", file: files[1] },
      ...{ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
      contentBytes: Buffer.byteLength(text),
      server: expect.stringMatching(/^PostgreSQL 15\./) as string,
      tables: { "shop public.orders": 3000, 'shop public."odd (name"': 2 },
    });
    expect(world.metrics()).toMatchObject({
      ...{ backup_last_status: 0, backup_dumps: 1, backup_failed_dumps: 0, backup_bytes: bytes.length },
      backup_last_success_timestamp: expect.any(Number) as number,
    });
  });
});

describe("each database", () => {
  beforeAll(() => world.server.sql(`create database "${oddName.replaceAll('"', '""')}"`));
  afterAll(() => world.server.sql(`drop database "${oddName.replaceAll('"', '""')}"`));

  test("is an archive of its own that was read back, whatever its name; what lets nobody connect is told", async () => {
    const { client, runner } = await world.pod("postgresql-databases.sh");
    expect([client.status, runner.status, runner.stdout]).toEqual([
      0,
      0,
      expect.stringContaining('database "closed" has no dump: it lets nobody connect'),
    ]);
    const folders = new Set(
      world
        .files()
        .map(name => name.split("/")[0])
        .filter(name => !name?.startsWith("dump_")),
    );
    expect([...folders]).toEqual(["postgres", "shop", odd, "template1"].sort());
    const [dump = "", json = ""] = world.files("shop");
    expect(readManifest(join(world.target, "shop", json))).toMatchObject({
      ...{ database: "shop", form: "postgresql-archive", file: dump },
      tables: { "public.orders": 3000, 'public."odd (name"': 2 },
    });
    await world.server.sql("create database back");
    await world.server.client([
      "pg_restore",
      "--exit-on-error",
      "--dbname=back",
      join(world.target, "shop", dump),
    ]);
    expect(await world.server.sql("select count(*) from orders", "back")).toBe("3000");
    await world.server.sql("drop database back");
    expect(world.pushes.received.map(({ body }) => body).join("")).toContain(
      `backup_database_last_success_timestamp{database="shop"}`,
    );
  });
});

test("a lane of two that dies is a failure, and the other one's databases have their dumps", async () => {
  const { client, runner } = await world.pod("postgresql-databases.sh", {
    // Of its first database, before the second one, "shop", was offered.
    shadow: { pg_dump: 'case "$*" in *"\'$(cat b-1.name)\'"*) kill -9 "$PPID" ;; *) REAL "$@" ;; esac' },
  });
  expect([client.status, runner.status]).toEqual([137, 1]);
  expect(runner.stdout + runner.stderr).toMatch(/what there is to dump isn't known/);
  expect(world.files().filter(name => /^(postgres|shop|template1)\/.*\.dump$/.test(name))).toHaveLength(1);
});

/** A pod whose client has another program in place of one of PostgreSQL's; the dump of the night before stays in each case. */
interface Fault {
  readonly title: string;
  readonly shadow?: Record<string, string>;
  readonly environment?: Record<string, string>;
  readonly change?: Partial<ClusterDumpConfig>;
  readonly says: RegExp;
  readonly status?: number;
}
const faults: readonly Fault[] = [
  {
    title: "its program says success and has written half of it",
    shadow: { pg_dumpall: 'REAL "$@" | head -c 5000; exit 0' },
    says: /its last line isn't there: it was cut/,
  },
  {
    title: "the target is full",
    shadow: { pg_dumpall: "head -c 30000000 /dev/urandom" },
    says: /the target has no room for it/,
  },
  {
    title: "its program is killed at half of it",
    shadow: { pg_dumpall: 'REAL "$@" | head -c 5000; exit 137' },
    says: /the whole server: its program ended with 137/,
  },
  {
    // Debian has one version alone: the words are of pg_dump 15 before a server 16.
    title: "the client is older than the server",
    shadow: {
      pg_dumpall:
        'echo "pg_dump: error: aborting because of server version mismatch" >&2; echo "pg_dump: detail: server version: 16.1; pg_dump version: 15.9" >&2; exit 1',
    },
    says: /its program ended with 1: .*server version: 16\.1; pg_dump version: 15\.9/,
  },
  {
    title: "the client's container is killed in its midst",
    shadow: { pg_dumpall: "echo half; kill -KILL $PPID; exit 1" },
    says: /the client ended in its midst, killed or out of memory/,
  },
  {
    title: "the server refuses the password",
    environment: { PASSWORD_FILE: "/etc/hostname" },
    says: /what there is to dump isn't known: .*password authentication failed for user "backup"/,
  },
  {
    title: "the server is down",
    environment: { DATABASE_HOST: "/nowhere" },
    says: /what there is to dump isn't known: .*No such file or directory/,
  },
  {
    title: "the client never begins",
    shadow: { dirname: "exit 1" },
    change: { clientWithinMs: 300 },
    says: /the client's container has not begun within 0 s/,
  },
  {
    title: "it takes longer than the budget",
    shadow: { pg_dumpall: "echo begun; exec sleep 2" },
    change: { budgetMs: 1_000 },
    says: /its budget of 1 s is used up/,
    status: 124,
  },
];
// One that its own program tells of is tested with one of several databases, below.
describe.each(inTime(2, faults))(
  "a dump of the whole server where $title",
  ({ shadow, environment, change = {}, says, status = 1 }) => {
    test("is a failure with its reason, and the one before stays as it was", async () => {
      await world.pod("postgresql-server.sh");
      const before = world.files();
      const { backup_last_success_timestamp: success } = world.metrics();
      world.writeConfig(change);
      const { runner } = await world.pod("postgresql-server.sh", {
        ...(shadow && { shadow }),
        ...(environment && { environment }),
      });
      expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), status]);
      expect(world.files()).toEqual(before);
      expect(world.metrics()).toMatchObject({
        ...{ backup_last_status: status, backup_last_success_timestamp: success, backup_dumps: 0 },
      });
    });
  },
);

const halfWritten = (): boolean => readdirSync(world.target).some(name => name.startsWith(".holdfast-part-"));

test("a pod that is told to end says so at once, and keeps the dump before and nothing of the half", async () => {
  await world.pod("postgresql-server.sh");
  const before = world.files();
  const client = world.client("postgresql-server.sh", {
    shadow: { pg_dumpall: "echo half; exec sleep 600" },
  });
  const runner = world.runner();
  await runner.until(halfWritten);
  for (const half of [runner, client]) half.kill("SIGTERM");
  const { status, stdout } = await runner.finished;
  await client.finished;
  const next =
    "kubectl --namespace dbaas create job postgresql-backup-$(date +%s) --from=cronjob/postgresql-backup";
  expect([stdout, status]).toEqual([expect.stringContaining(next), 143]);
  expect(stdout).toContain("the whole server: was under way when the run was stopped");
  expect(world.files()).toEqual(before);
  expect(halfWritten()).toBe(false);
  expect(world.pushes.received.at(-1)?.body).toContain("backup_last_status 143");
});

test("a target that is read-only is a failure that is told, with all that was there", async () => {
  await world.pod("postgresql-server.sh");
  const before = world.files();
  const told = world.pushes.received.length;
  await world.remount("ro");
  const { runner } = await world.pod("postgresql-server.sh");
  await world.remount("rw");
  expect([`${runner.stdout}${runner.stderr}`, runner.status]).toEqual([
    expect.stringMatching(/read-only/),
    1,
  ]);
  expect(world.files()).toEqual(before);
  const bodies = world.pushes.received.slice(told).map(({ body }) => body);
  expect(bodies.join("")).toContain("backup_last_status 1\n");
});

test("a success that the Pushgateway was away for is told by the next run, also where that one fails", async () => {
  world.writeConfig({ pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 } });
  expect((await world.pod("postgresql-server.sh")).runner.status).toBe(0);
  const { backup_last_success_timestamp: success } = world.metrics();
  world.writeConfig({
    pushgateway: { url: world.pushes.url, timeoutMs: 2_000, attempts: 1 },
  });
  const told = world.pushes.received.length;
  expect((await world.pod("postgresql-server.sh", { shadow: { pg_dumpall: "exit 1" } })).runner.status).toBe(
    1,
  );
  const bodies = world.pushes.received.slice(told).map(({ body }) => body);
  expect(bodies.join("")).toContain(`backup_last_success_timestamp ${success}\n`);
});

// That what goes through is held in no memory is a matter of one class, which the small dumps can't show.
testLong("a dump of 2 GB goes through a runner that has a quarter of a GB", async () => {
  const rows = `yes -- "-- a line as long as a row of many a table" | head -c ${2 * 2 ** 30}`;
  const client = world.client("postgresql-server.sh", { shadow: { pg_dumpall: `${rows}; REAL "$@"` } });
  const runner = world.runner();
  let mostKb = 0;
  const look = setInterval(() => (mostKb = Math.max(mostKb, mostHeldKb(runner.pid))), 20);
  expect([(await runner.finished).status, (await client.finished).status]).toEqual([0, 0]);
  clearInterval(look);
  const [, dump = ""] = world.files();
  const bytes = execFileSync("sh", ["-c", 'zcat "$1" | wc -c', "sh", join(world.target, dump)]);
  expect(Number(bytes)).toBeGreaterThan(2 * 2 ** 30);
  expect(mostKb).toBeGreaterThan(30_000);
  // As its pod is limited.
  expect(mostKb).toBeLessThan(256 * 1024);
});

/** What a process has held at most so far. */
function mostHeldKb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

test("a runner that is killed in its midst leaves nothing that a later run takes for a dump", async () => {
  const client = world.client("postgresql-server.sh", { shadow: { pg_dumpall: "echo half; exec sleep 1" } });
  const runner = world.runner();
  await runner.until(halfWritten);
  runner.kill("SIGKILL");
  await runner.finished;
  await client.finished;
  // One that is killed while it writes a manifest leaves a part of that.
  writeFileSync(join(world.target, "dump_2026-05-26T03-00-00Z.json.7.part"), "{");
  const next = await world.pod("postgresql-server.sh");
  expect(next.runner).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("which a run that was cut has left") as string,
  });
  expect(readdirSync(world.target).filter(name => name !== ".holdfast")).toEqual(world.files());
  expect(world.files()).toHaveLength(2);
});

describe("one of several databases", () => {
  test("that fails, or can't be read back, doesn't stop the others, and its age goes on being told", async () => {
    await world.pod("postgresql-databases.sh");
    const [before] = world.files("shop");
    const cut = 'case "$*" in *shop*) REAL "$@" | head -c 9000; exit CODE ;; *) exec REAL "$@" ;; esac';
    for (const [code, says] of [
      ["1", /database "shop": its program ended with 1/],
      ["0", /database "shop": it can't be read back: pg_restore: error: /],
    ] as const) {
      const { runner, client } = await world.pod("postgresql-databases.sh", {
        shadow: { pg_dump: cut.replace("CODE", code) },
      });
      expect([runner.stdout, runner.status, client.status]).toEqual([expect.stringMatching(says), 1, 1]);
      expect(world.files("shop")).toHaveLength(2);
      expect(world.files("shop")[0]).toBe(before);
      expect(world.metrics()).toMatchObject({ backup_dumps: 3, backup_failed_dumps: 1 });
    }
    expect(world.files("postgres")).toHaveLength(6);
    expect(world.pushes.received.at(-1)?.body).toContain("backup_last_status 1");
    const told = world.pushes.received.filter(({ path }) => path.includes("part/databases")).at(-1);
    expect(told?.body).toContain('{database="shop"}');
  });

  test("that is locked for long is told with the lock, and that was dropped in between with its name", async () => {
    await world.server.sql("create database busy; create database dropped");
    await world.server.sql("create table t ()", "busy");
    const locked = world.server
      .sql("begin; lock table t; select pg_sleep(600)", "busy")
      .catch(() => undefined);
    const holds = "from pg_locks where relation = 't'::regclass and granted";
    while ((await world.server.sql(`select count(*) ${holds}`, "busy")) === "0");
    const drop = `case "$*" in *dropped*) psql -XAtqd postgres -c "drop database dropped" ;; esac; exec REAL "$@"`;
    const { runner } = await world.pod("postgresql-databases.sh", {
      shadow: { pg_dump: drop },
      environment: { LOCK_WAIT_MS: "200" },
    });
    expect(runner.stdout).toMatch(
      /database "busy": its program ended with 1: .*statement timeout.* LOCK TABLE public.t/,
    );
    expect(runner.stdout).toMatch(
      /database "dropped": its program ended with 1: .*database "dropped" does not exist/,
    );
    expect([runner.status, world.metrics()["backup_dumps"]]).toEqual([1, 4]);
    await world.server.sql(`select pg_terminate_backend(pid) ${holds}`, "busy");
    await locked;
    await world.server.sql("drop database busy");
  });
});

describe("retention", () => {
  test("goes by when a dump began as its manifest says, keeps a number however old, and nothing of others", async () => {
    for (let night = 0; night < 4; night += 1) await world.pod("postgresql-server.sh");
    for (const [night, name] of world
      .files()
      .filter(file => file.endsWith(".json"))
      .entries())
      age(name, 40 - 10 * night);
    writeFileSync(join(world.target, "dump_2020_01_01.sql.gz"), "of the script before");
    // Dumps of 10, 20, 30 and 40 days; "14 days, at least two".
    const { runner } = await world.pod("postgresql-server.sh");
    expect(runner.stdout.match(/removes dump_/g)).toHaveLength(3);
    expect(world.files().filter(name => name.endsWith(".gz"))).toHaveLength(3);
    expect(world.files()).toContain("dump_2020_01_01.sql.gz");
  });

  // That the dump before a failure stays is tested above.
  testLong("removes nothing of what failed", async () => {
    world.writeConfig({ keep: { kind: "tiers", tiers: [{ every: "run", count: 1 }] } });
    await world.pod("postgresql-server.sh");
    const before = world.files();
    await world.pod("postgresql-server.sh", { shadow: { pg_dumpall: "exit 1" } });
    expect(world.files()).toEqual(before);
  });
});

function age(name: string, days: number): void {
  const path = join(world.target, name);
  const text = JSON.parse(readFileSync(path, "utf8")) as { startedAt: string };
  const startedAt = new Date(Date.parse(text.startedAt) - days * 86_400_000).toISOString();
  writeFileSync(path, JSON.stringify({ ...text, startedAt }));
}

test("a server that lost most of what it had waits for somebody, who says with a file that it is meant", async () => {
  await world.pod("postgresql-server.sh");
  await world.server.sql("create table kept as select * from orders; truncate orders", "shop");
  await world.server.sql("drop table kept", "shop");
  const held = await world.pod("postgresql-server.sh");
  expect([held.runner.stdout, held.runner.status]).toEqual([
    expect.stringMatching(
      /it has \d+ bytes, \d+\.\d % of the one of .* touch \/srv\/nfs\/postgresql-backup\/accept/,
    ),
    1,
  ]);
  expect(world.files().filter(name => name.endsWith(".gz"))).toHaveLength(2);
  await world.pod("postgresql-server.sh");
  expect(world.files().filter(name => name.endsWith(".gz"))).toHaveLength(2);
  writeFileSync(join(world.target, "accept"), "");
  expect((await world.pod("postgresql-server.sh")).runner).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("somebody accepted it") as string,
  });
  expect(world.files()).not.toContain("accept");
  await world.server.sql(
    "insert into orders (note) select 'order ' || n from generate_series(1, 3000) n",
    "shop",
  );
});
