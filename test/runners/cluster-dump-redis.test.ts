import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChain } from "../../host-scripts/runtime/drill-records";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime, testLong } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { password } from "./support/postgresql-server";
import { startRedis } from "./support/redis-server";

// Each case is a handful of pods.
let world: DumpWorld;

const asked = `dbsize
dump "odd\\x00\\n key"
lrange list 0 -1
zrange ranks 0 -1 withscores
select 30
hgetall other`;

beforeAll(async () => {
  world = await createDumpWorld("redis-backup", startRedis);
});
afterAll(() => world.close());
beforeEach(async () => {
  const many = Array.from({ length: 1200 }, (_, n) => `set key${n} value${n}`);
  await world.server.sql(
    [
      "flushall",
      "function flush",
      ...many,
      'set "odd\\x00\\n key" "\\x01\\xff"',
      "rpush list a b c",
      "zadd ranks 1 one 2.5 two",
    ]
      .concat("set passing soon ex 100000", "select 30", "hset other field value")
      .join("\n"),
  );
});
afterEach(() => world.reset());

test("a drill brings them back in a server of its own, and tells where fewer come", async () => {
  await world.pod("redis-server.sh");
  const whole = await world.drill("redis-restore.sh");
  expect([whole.runner.stdout, whole.runner.status, whole.client.status]).toEqual([
    expect.stringMatching(/: 1 dumps \(\d+ bytes\) came back in an empty server/),
    0,
    0,
  ]);
  const shadow = { "redis-cli": 'case "$*" in *--pipe*) cat >/dev/null ;; *) exec REAL "$@" ;; esac' };
  const lacking = await world.drill("redis-restore.sh", { shadow });
  expect([lacking.runner.stdout, lacking.runner.status]).toEqual([
    expect.stringMatching(/has 0 of 1204 rows/),
    1,
  ]);
  world.writeConfig({ budgetMs: 1 });
  const stopped = await world.drill("redis-restore.sh");
  expect(stopped.runner.stdout).toMatch(/This drill leaves no record, and the next one begins anew/);
});

test("where no good dump is left, the record says so; a record that can't be left hides nothing", async () => {
  await world.pod("redis-server.sh");
  for (const name of world.files().filter(each => !each.endsWith(".json"))) rmSync(join(world.target, name));
  const gone = await world.drill("redis-restore.sh");
  expect([gone.runner.stdout, gone.runner.status, gone.client.status]).toEqual([
    expect.stringMatching(/1 of 1 dumps did not come back .* no good dump is there, though one was made/),
    1,
    0,
  ]);
  const file = join(world.target, ".holdfast/drill/evidence.log");
  const { records } = readChain(readFileSync(file, "utf8"));
  expect(records).toMatchObject([{ result: "failed", restored: { entries: 0 }, whole: { entries: 1 } }]);
  chmodSync(file, 0);
  const unread = await world.drill("redis-restore.sh");
  expect(unread.runner.stdout).toMatch(
    /the record of drills: EACCES: .*\n.*Nothing was restored.*\n.*ls -ln '?\/srv\/nfs\/redis-backup\/\.holdfast\/redis-backup-drill'? +\(on pve: .* account 64738/,
  );
  chmodSync(file, 0o400);
  const unwritten = await world.drill("redis-restore.sh");
  expect(unwritten.runner.stdout).toMatch(
    /1 of 1 dumps did not come back .*; the record of drills: EACCES: permission denied, open '.*evidence\.log'/,
  );
});

test("of two drills at once, as a person starts one while another is at work, one refuses and the other isn't disturbed", async () => {
  await world.pod("redis-server.sh");
  const gate = join(world.target, "../gate");
  const shadow = {
    "redis-cli": `case "$*" in *--pipe*) while [ ! -e "$EXCHANGE/../gate" ]; do sleep 0.1; done ;; esac; exec REAL "$@"`,
  };
  const both = [{ shadow }, { shadow, beside: true as const }].map(pod =>
    world.drill("redis-restore.sh", pod),
  );
  const refused = await Promise.race(both);
  writeFileSync(gate, "");
  const ended = await Promise.all(both);
  expect([refused.runner.stdout, refused.runner.status]).toEqual([
    expect.stringMatching(/another run holds the lock.*\n.*This run changed nothing; the other one goes on/),
    75,
  ]);
  expect(ended.map(({ runner, client }) => [runner.status, client.status]).sort()).toEqual([
    [0, 0],
    [75, 0],
  ]);
  const records = readFileSync(join(world.target, ".holdfast/drill/evidence.log"), "utf8");
  expect(readChain(records)).toMatchObject({ faults: [], records: [{ result: "proved" }] });
});

test("a server's keys are dumped, counted, and come back in the place of what is there, which is dumped before", async () => {
  const before = await world.server.sql(asked);
  await world.server.sql(
    String.raw`function load "#!lua name=lib\nredis.register_function('f', function() return 1 end)"`,
  );
  const { client, runner } = await world.pod("redis-server.sh");
  expect([runner.stdout, client.status, runner.status]).toEqual([
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const [json = "", dump = ""] = world.files();
  expect(readManifest(join(world.target, json))).toMatchObject({
    ...{ form: "redis-rdb", database: "", server: expect.stringMatching(/^Redis 7\./) as string },
    ...{ bytes: readFileSync(join(world.target, dump)).length, tables: { "keys that don't expire": 1204 } },
  });
  await world.server.sql("flushall\nfunction flush\nset later 1");
  // As the page of the layer has it.
  const may =
    "~* +ping +info +sync +psync +replconf +flushall +select +restore +echo +function|restore +module|list";
  await world.server.sql(`acl setuser restores on ">${password.replaceAll(/[\\"]/g, "\\$&")}" ${may}`);
  const account = { environment: { DATABASE_USER: "restores" } };
  const restored = await world.ask("redis-restore.sh", "restore", account);
  expect([restored.runner.stdout, restored.runner.status, restored.client.status]).toEqual([
    expect.stringMatching(/the whole server is as of .*\n.*what was there before is in dump_/),
    0,
    0,
  ]);
  expect(await world.server.sql(asked)).toBe(before);
  expect(await world.server.sql("fcall f 0")).toBe("1");
  expect(Number((await world.server.sql("ttl passing")).trim())).toBeGreaterThan(90_000);
  expect((await world.ask("redis-restore.sh", "verify .")).runner).toMatchObject({ status: 0 });
});

const faults = [
  [
    "is cut",
    { "redis-cli": 'case "$*" in *--rdb*) REAL "$@" | head -c 9000 ;; *) exec REAL "$@" ;; esac' },
    {},
    /it can't be read back: .*\d+ keys read|it can't be read back/,
  ],
  [
    "is killed with its client",
    { "redis-cli": 'case "$*" in *--rdb*) kill -KILL $PPID ;; *) exec REAL "$@" ;; esac' },
    {},
    /the client ended in its midst/,
  ],
  [
    "ends with an error",
    { "redis-cli": 'case "$*" in *--rdb*) REAL "$@"; exit 1 ;; *) exec REAL "$@" ;; esac' },
    {},
    /its program ended with 1/,
  ],
  [
    "is refused",
    {},
    { PASSWORD_FILE: "/etc/hostname" },
    /what there is to dump isn't known: .*(WRONGPASS|NOAUTH)/,
  ],
] as const;
test.each(inTime(2, faults))(
  "a dump that %s is a failure, and the one before stays",
  async (_, shadow, environment, says) => {
    await world.pod("redis-server.sh");
    const before = world.files();
    const { runner } = await world.pod("redis-server.sh", { shadow, environment });
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
    expect(world.files()).toEqual(before);
  },
);

test("nothing is taken away where the server beside can't load the dump, by the modules that the other one has; or where the account may not", async () => {
  const before = await world.server.sql(asked);
  await world.pod("redis-server.sh");
  const lists = `case "$*" in *"module list"*) printf 'path\\n/modules/ft.so\\n' ;; *) exec REAL "$@" ;; esac`;
  const { runner } = await world.ask("redis-restore.sh", "restore", { shadow: { "redis-cli": lists } });
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/an't load module from \/modules\/ft\.so[^]*What was there before is there again/),
    1,
  ]);
  await world.server.sql(
    `acl setuser dumps on ">${password.replaceAll(/[\\"]/g, "\\$&")}" ~* +ping +info +sync +psync +replconf`,
  );
  const lesser = { environment: { DATABASE_USER: "dumps" } };
  const refused = await world.ask("redis-restore.sh", "restore", lesser);
  expect([refused.runner.stdout, refused.runner.status]).toEqual([
    expect.stringMatching(/isn't restored: NOPERM [^]*What was there before is there again/),
    1,
  ]);
  expect(await world.server.sql(asked)).toBe(before);
  expect((await world.pod("redis-server.sh", lesser)).runner.status).toBe(0);
});

test.each(inTime(1, ["+select", "+echo", "+restore", "+flushall"]))(
  "nothing is taken away where the account lacks %s",
  async lacking => {
    const before = await world.server.sql(asked);
    await world.pod("redis-server.sh");
    const all = "+ping +info +sync +psync +replconf +flushall +select +restore +echo";
    const may = all.replace(` ${lacking}`, "");
    await world.server.sql(`acl setuser half reset on ">${password.replaceAll(/[\\"]/g, "\\$&")}" ~* ${may}`);
    const half = { environment: { DATABASE_USER: "half" } };
    const { runner } = await world.ask("redis-restore.sh", "restore", half);
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(
        `isn't restored: NOPERM .*${lacking.slice(1)}[^]*What was there before is there again`,
      ),
      1,
    ]);
    expect(await world.server.sql(asked)).toBe(before);
  },
);

// The one before has an account that may not.
testLong("nothing is taken away where the server has no restore, as one that has renamed it", async () => {
  const before = await world.server.sql(asked);
  await world.pod("redis-server.sh");
  const shadow = {
    "redis-cli": `case "$*" in *" restore "*) echo "ERR unknown command 'restore', with args beginning with: '0'" ;; *) exec REAL "$@" ;; esac`,
  };
  const { runner } = await world.ask("redis-restore.sh", "restore", { shadow });
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/isn't restored: ERR unknown command[^]*What was there before is there again/),
    1,
  ]);
  expect(await world.server.sql(asked)).toBe(before);
});

test("where neither the dump nor what was there can be loaded, it says where that is, and what it says to type brings it back", async () => {
  const before = await world.server.sql(asked);
  await world.pod("redis-server.sh");
  const shadow = {
    "redis-cli":
      'case "$*" in *--pipe-timeout*) exec REAL "$@" ;; *--pipe*) cat >/dev/null; echo "OOM command not allowed" >&2; exit 1 ;; *) exec REAL "$@" ;; esac',
  };
  const { runner } = await world.ask("redis-restore.sh", "restore", { shadow });
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(
      /isn't restored, and what was there isn't back: OOM .*\n.*What was there is in dump_.*This job makes no dump until/,
    ),
    1,
  ]);
  expect((await world.pod("redis-server.sh")).runner.stdout).toMatch(/a restore of the whole server was cut/);
  const [, typed = ""] = /ASK=(restore \. --at [^'" ]+)/.exec(runner.stdout) ?? [];
  expect((await world.ask("redis-restore.sh", typed)).runner.status).toBe(0);
  expect(await world.server.sql(asked)).toBe(before);
});

test("a dump that rotted is restored by nobody, and what there is stays", async () => {
  await world.pod("redis-server.sh");
  const path = join(world.target, world.files()[1] ?? "");
  const bytes = readFileSync(path);
  bytes[bytes.length - 60] = (bytes[bytes.length - 60] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const { runner } = await world.ask("redis-restore.sh", "restore");
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/other bytes than were written/), 1]);
  expect(await world.server.sql("dbsize")).toBe("1204");
});
