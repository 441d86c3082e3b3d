import {
  appendFileSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readChain } from "../../host-scripts/runtime/drill-records";
import { inTime, testLong } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { startPostgresql } from "./support/postgresql-server";

// Each case is a handful of pods.
let world: DumpWorld;
const oddName = `shop "of' all\\ \n-things/x`;
const restore = "postgresql-restore.sh";

const describeDatabase = `
  select datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datacl, setconfig
    from pg_database d left join pg_db_role_setting s on s.setdatabase = d.oid where datname = current_database();
  select tablename, tableowner from pg_tables where schemaname = 'public' order by 1;
  select indexdef from pg_indexes where schemaname = 'public' order by 1;
  select sequencename, last_value from pg_sequences order by 1;
  select relname, relacl from pg_class where relnamespace = 'public'::regnamespace order by 1;
  select md5(string_agg(o::text, ',' order by id)) from orders o;
  select encode(lo_get(4711), 'hex')`;
const describeRoles = `select rolname, rolcanlogin, rolpassword from pg_authid where rolname !~ '^pg_' order by 1`;

async function describeAll(): Promise<string[]> {
  return [
    await world.server.sql(describeRoles),
    ...(await Promise.all([described("shop"), described(oddName)])),
  ];
}

function described(name: string): Promise<string> {
  return world.server.sql(describeDatabase, `dbname='${name.replaceAll(/[\\']/g, "\\$&")}'`);
}

async function fill(name: string): Promise<void> {
  await world.server.sql(`create database "${name.replaceAll('"', '""')}" owner reader;
    alter database "${name.replaceAll('"', '""')}" set work_mem = '5MB'`);
  await world.server.sql(
    `create table orders (id serial primary key, note text);
     insert into orders (note) select 'order ' || n from generate_series(1, 500) n;
     create index by_note on orders (note) where id > 3; select lo_from_bytea(4711, 'a large object');
     create table "odd (name" (a int) partition by list (a); create table part partition of "odd (name" for values in (1);
     insert into "odd (name" values (1); grant select on orders to reader;
     create function lines_as_of_rows() returns text language sql as $$ select '
COPY public.part FROM stdin;
1
2' $$`,
    `dbname='${name.replaceAll(/[\\']/g, "\\$&")}'`,
  );
}

async function names(): Promise<string[]> {
  const text = await world.server.sql(
    "select replace(datname, E'\\n', ' ') from pg_database where datname !~ '^(template|postgres)' order by 1",
  );
  return text.split("\n").filter(name => name !== "");
}

async function emptyServer(): Promise<void> {
  for (const name of (
    await world.server.sql(`select quote_ident(replace(datname, E'\\n', '#')) from pg_database
    where datname not in ('postgres', 'template0', 'template1')`)
  ).split("\n"))
    if (name !== "") await world.server.sql(`drop database ${name.replaceAll("#", "\n")} with (force)`);
  await world.server.sql("drop role if exists reader");
}

beforeAll(async () => {
  world = await createDumpWorld("postgresql-backup", startPostgresql);
});
afterAll(() => world.close());
beforeEach(async () => {
  await emptyServer();
  await world.server.sql("create role reader login password 'secret'");
  await fill("shop");
});
afterEach(() => world.reset());

test("each database comes back into an empty server with roles, owners, grants, indexes, sequences, large objects and rows", async () => {
  await fill(oddName);
  await world.server.sql(
    `alter database "${oddName.replaceAll('"', '""')}" set default_transaction_read_only = on`,
  );
  const before = await describeAll();
  await world.pod("postgresql-databases.sh");
  await emptyServer();
  const { runner, client } = await world.ask(restore, "restore");
  expect([runner.stdout, runner.status, client.status]).toEqual([
    expect.stringMatching(/database "shop" is as of 20/),
    0,
    0,
  ]);
  expect(await describeAll()).toEqual(before);
});

test("a drill brings each database back in a server of its own, asks the one that they are of for nothing, and names what doesn't come back", async () => {
  await fill(oddName);
  // The folder of a tablespace is its server's, and no drill's.
  const folder = join(world.server.environment["DATABASE_HOST"] ?? "", "fast");
  mkdirSync(folder);
  chownSync(folder, 65534, 65534);
  await world.server.sql(`create tablespace "fast one" location '${folder}'`);
  await world.server.sql('create index on orders (note) tablespace "fast one"', "shop");
  await world.pod("postgresql-databases.sh");
  await emptyServer();
  await world.server.sql('drop tablespace "fast one"');
  const whole = await world.drill(restore);
  expect([whole.runner.stdout, whole.runner.status, whole.client.status]).toEqual([
    expect.stringMatching(/: 5 dumps \(\d+ bytes\) came back in an empty server/),
    0,
    0,
  ]);
  expect(await names()).toEqual([]);
  expect(readdirSync(join(world.target, "../scratch"))).toEqual([]);
  const [first] = recorded().records;
  expect(first).toMatchObject({
    ...{
      host: "k8s",
      tier: "dumps",
      of: "postgresql-backup",
      result: "proved",
      scope: "whole",
      release: "of-today",
    },
    ...{ copy: { path: "pve:/srv/nfs/postgresql-backup", at: first?.dumps?.map(({ at }) => at).sort()[0] } },
    ...{ restored: { entries: 5 }, whole: { entries: 5 }, compared: { recorded: 5 } },
    seconds: {
      restore: expect.closeTo(first?.dumps?.reduce((sum, { seconds }) => sum + seconds, 0) ?? 0, 5),
    },
  });
  // It ends well, and leaves out the rows.
  const pg_restore = 'case "$*" in *--create*) exec REAL --schema-only "$@" ;; *) exec REAL "$@" ;; esac';
  const lacking = await world.drill(restore, { shadow: { pg_restore } });
  expect([lacking.runner.stdout, lacking.runner.status]).toEqual([
    expect.stringMatching(/2 of \d+ dumps did not come back.*public\.orders has 0 of 500 rows/),
    1,
  ]);
  expect(recorded()).toMatchObject({
    ...{ faults: [], records: [{ result: "proved" }, { result: "failed", restored: { entries: 3 } }] },
  });
  const full = await world.drill(restore, { shadow: { df: "printf '\\nfs 2500000 9 400000 9%% /\\n'" } });
  expect([full.runner.stdout, full.runner.status]).toEqual([
    expect.stringMatching(
      /the node's disk has 24 MiB to spare, without the 15 % .* and a server with all dumps may need 28\d MiB/,
    ),
    3,
  ]);
  const none = await world.drill(restore, { shadow: { initdb: "echo 'no room for it' >&2; exit 1" } });
  expect([none.runner.stdout, none.runner.status]).toEqual([
    expect.stringMatching(/the client can't begin: no room for it[^]*Kept: .*, and nothing was restored\./),
    1,
  ]);
});

const recorded = () => readChain(readFileSync(join(world.target, ".holdfast/drill/evidence.log"), "utf8"));

test("a drill says of no dump that it came back, or is bad, that it hasn't tried", async () => {
  const none = await world.drill(restore);
  expect([none.runner.stdout, none.runner.status]).toEqual([
    expect.stringMatching(
      /there is no good dump in \/srv\/nfs\/postgresql-backup of pve: nothing is restored/,
    ),
    3,
  ]);
  await world.pod("postgresql-databases.sh");
  const killed = await world.drill(restore, {
    shadow: { pg_restore: 'case "$*" in *--create*) kill -KILL $PPID; exit 1 ;; *) exec REAL "$@" ;; esac' },
  });
  expect([killed.runner.stdout, killed.runner.status]).toEqual([
    expect.stringMatching(
      /1 of 4 dumps did not come back.*client ended in its midst.*; 2 more were not tried/,
    ),
    1,
  ]);
  expect(recorded().records.at(-1)?.dumps?.at(-1)).toMatchObject({ reason: "it was not tried", seconds: 0 });
  // Whoever writes beside the dumps has changed it: the next run says so, and adds its own.
  const file = join(world.target, ".holdfast/drill/evidence.log");
  writeFileSync(file, readFileSync(file, "utf8").replace('"failed"', '"proved"'));
  const dead = await world.drill(restore, {
    shadow: { pg_restore: 'kill -9 "$(head -n 1 "$PGHOST/data/postmaster.pid")"; exec REAL "$@"' },
  });
  expect(dead.runner.stdout).toMatch(/did not come back.*; the record of drills: record 1 .* was changed/);
  expect([dead.client.stderr, dead.runner.status]).toEqual([
    expect.stringContaining("database system is ready to accept connections"),
    1,
  ]);
  rmSync(join(world.target, "shop", world.files("shop").find(name => name.endsWith(".dump")) ?? ""));
  const gone = await world.drill(restore);
  expect([gone.runner.stdout, gone.runner.status]).toEqual([
    expect.stringMatching(
      /1 of 4 dumps did not come back in an empty server: shop\/dump_.*no good dump is there/,
    ),
    1,
  ]);
});

// cluster-dump-mariadb.test.ts has a whole server's text.
testLong(
  "the text of a whole server does, and takes the place of what is there, which keeps its rows under other names",
  async () => {
    const before = [await world.server.sql(describeRoles), await described("shop")];
    await world.pod("postgresql-server.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    // It is moved aside as all others are, and nobody can count what it has.
    await world.server.sql("create database closed allow_connections false");
    const would = await world.ask(restore, "restore --dry-run");
    expect(would.runner.stdout).toMatch(
      /would restore the whole server from dump_.*\n.*database "shop".* would get another name/,
    );
    expect(await names()).toEqual(["closed", "shop"]);
    const { runner } = await world.ask(restore, "restore");
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/what database "shop" was before is/),
      0,
    ]);
    expect([await world.server.sql(describeRoles), await described("shop")]).toEqual(before);
    const [, , kept = ""] = await names();
    expect(kept).toMatch(/^shop_before_/);
    expect(await world.server.sql("select count(*) from orders", kept)).toBe("7");
  },
);

test("one database comes back in place, or beside the one that is there; list says what there is", async () => {
  await world.pod("postgresql-databases.sh");
  await world.server.sql("delete from orders", "shop");
  const beside = await world.ask(restore, "restore shop --beside");
  expect([beside.runner.stdout, beside.runner.status]).toEqual([
    expect.stringMatching(/as database "shop_beside_/),
    0,
  ]);
  const [, other = ""] = await names();
  expect(await world.server.sql("select count(*) from orders", other)).toBe("500");
  expect(await world.server.sql("select count(*) from orders", "shop")).toBe("0");
  await world.server.sql(`drop database ${other}`);
  const nothing = await world.ask(restore, "restore --back");
  expect([nothing.runner.stdout, nothing.runner.status]).toEqual([
    expect.stringMatching(/no restore has given anything another name/),
    expect.any(Number),
  ]);
  expect(nothing.runner.status).not.toBe(0);
  const inPlace = await world.ask(restore, "restore shop");
  expect([inPlace.runner.stdout, inPlace.runner.status]).toEqual([expect.stringMatching(/shop_before_/), 0]);
  expect(await world.server.sql("select count(*) from orders", "shop")).toBe("500");
  const listed = await world.ask(restore, "list");
  expect(listed.runner.stdout).toMatch(
    /^shop {2}\(database "shop"\)\n {2}\S+Z {2}\d+ bytes {2}2 tables {2}501 rows/m,
  );
  expect((await world.ask(restore, "verify")).runner).toMatchObject({ status: 0 });
  const own = await world.ask(restore, "restore template1 --beside");
  expect([own.runner.stdout, own.runner.status]).toEqual([
    expect.stringMatching(/"template1" is the server's own/),
    3,
  ]);
  expect((await world.ask(restore, "restore --back")).runner).toMatchObject({ status: 0 });
  expect(await names()).toEqual(["shop", expect.stringMatching(/^shop_undone_/)]);
  expect(await world.server.sql("select count(*) from orders", "shop")).toBe("0");
});

describe("nothing is lost where", () => {
  // cluster-dump-mariadb.test.ts has a program that fails in its midst.
  test.each(
    inTime(1, [
      [
        "what is made lacks rows",
        'case "$*" in *--create*) exec REAL --exclude-schema=x --schema-only "$@" ;; *) exec REAL "$@" ;; esac',
        /public\.orders has 0 of 500 rows/,
      ],
      [
        "its program fails in its midst",
        'case "$*" in *--create*) head -c 3000 | REAL "$@" ; exit 1 ;; *) exec REAL "$@" ;; esac',
        /isn't restored/,
      ],
    ]),
  )("%s", async (_, pg_restore, says) => {
    await world.pod("postgresql-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    const { runner } = await world.ask(restore, "restore shop", { shadow: { pg_restore } });
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
    expect(await names()).toEqual(["shop"]);
    expect(await world.server.sql("select count(*) from orders", "shop")).toBe("7");
  });

  test("somebody uses the database, or its dump has other bytes than were written", async () => {
    await world.pod("postgresql-databases.sh");
    const used = world.server.sql("select pg_sleep(600)", "shop").catch(() => undefined);
    const query = "from pg_stat_activity where query like 'select pg_sleep%'";
    while ((await world.server.sql(`select count(*) ${query}`)) === "0");
    const inUse = await world.ask(restore, "restore shop");
    expect([inUse.runner.stdout, inUse.runner.status]).toEqual([
      expect.stringMatching(/is being accessed by other users[^]*What was there before is there again/),
      1,
    ]);
    await world.server.sql(`select pg_terminate_backend(pid) ${query}`);
    await used;
    appendFileSync(join(world.target, "shop", world.files("shop")[0] ?? ""), "x");
    const rotten = await world.ask(restore, "restore shop");
    expect([rotten.runner.stdout, rotten.runner.status]).toEqual([
      expect.stringMatching(/it has other bytes than were written[^]*Nothing was changed/),
      1,
    ]);
    expect((await world.ask(restore, "verify shop")).runner.status).toBe(1);
    expect(await names()).toEqual(["shop"]);
  });

  test("the server's client can't read the archive, as of a newer one's, though its bytes are those that were written", async () => {
    await world.pod("postgresql-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    const folder = join(world.target, "shop");
    const [archive = "", manifest = ""] = world.files("shop").map(name => join(folder, name));
    const bytes = readFileSync(archive);
    // Behind "PGDMP" and the format's first number.
    bytes[6] = 99;
    writeFileSync(archive, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8").replace(/"sha256": "\w+"/, `"sha256": "${sha256}"`),
    );
    const { runner } = await world.ask(restore, "restore shop");
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/unsupported version \(1\.99\)[^]*What was there before is there again/),
      1,
    ]);
    expect(await names()).toEqual(["shop"]);
    expect(await world.server.sql("select count(*) from orders", "shop")).toBe("7");
  });

  test("a restore is cut: no run takes the half of it for good, and the next restore puts back what was there", async () => {
    await world.pod("postgresql-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    const cut = {
      pg_restore: 'case "$*" in *--create*) kill -KILL $PPID; exit 1 ;; *) exec REAL "$@" ;; esac',
    };
    const { runner } = await world.ask(restore, "restore shop", { shadow: cut });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/the client ended in its midst/),
      1,
    ]);
    expect(await names()).toEqual([expect.stringMatching(/^shop_before_/)]);
    const run = await world.pod("postgresql-databases.sh");
    expect([run.runner.stdout, run.runner.status]).toEqual([
      expect.stringMatching(/a restore of database "shop" was cut/),
      3,
    ]);
    const done = await world.ask(restore, "restore shop");
    expect([done.runner.stdout, done.runner.status]).toEqual([
      expect.stringMatching(/database "shop" is what it was before that restore/),
      0,
    ]);
    const [, kept = ""] = await names();
    expect(await world.server.sql("select count(*) from orders", "shop")).toBe("500");
    expect(await world.server.sql("select count(*) from orders", kept)).toBe("7");
  });

  test("a way back is cut: the next one undoes all of it; after a restore that was cut, that one is undone and no earlier one", async () => {
    await fill("blog");
    await world.pod("postgresql-databases.sh");
    const counts = () =>
      Promise.all(["shop", "blog"].map(name => world.server.sql("select count(*) from orders", name)));
    for (const name of ["shop", "blog"]) await world.server.sql("delete from orders where id > 7", name);
    expect((await world.ask(restore, "restore")).runner.status).toBe(0);
    const second = {
      psql: `case "$*" in *--set=name=*_before_*)
        if [ -e "$SCRATCH/one" ]; then kill -KILL $PPID; exit 1; fi; : >"$SCRATCH/one" ;; esac; exec REAL "$@"`,
    };
    const { runner } = await world.ask(restore, "restore --back", { shadow: second });
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/ended in its midst/), 1]);
    expect((await world.pod("postgresql-databases.sh")).runner.status).toBe(3);
    const again = await world.ask(restore, "restore --back");
    expect([again.runner.stdout, again.runner.status, await counts()]).toEqual([
      expect.any(String),
      0,
      ["7", "7"],
    ]);
    const cut = {
      pg_restore: 'case "$*" in *--create*) kill -KILL $PPID; exit 1 ;; *) exec REAL "$@" ;; esac',
    };
    await world.ask(restore, "restore shop", { shadow: cut });
    const undone = await world.ask(restore, "restore --back");
    expect([undone.runner.stdout, undone.runner.status, await counts()]).toEqual([
      expect.stringMatching(/the last restore, of database "shop", was cut: what was there is called as/),
      0,
      ["7", "7"],
    ]);
  });

  test("one is used: a way back changes none of them", async () => {
    await world.pod("postgresql-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
    const before = await names();
    const fails = {
      psql: 'case "$*" in *--set=name=*_before_*) echo used >&2; exit 1 ;; esac; exec REAL "$@"',
    };
    const { runner } = await world.ask(restore, "restore --back", { shadow: fails });
    expect([runner.stdout, runner.status, await names()]).toEqual([
      expect.stringMatching(/isn't undone: used[^]*All is called as it was/),
      1,
      before,
    ]);
    expect((await world.pod("postgresql-databases.sh")).runner.status).toBe(0);
  });

  test("what is made in the place of nothing is cut, twice: no restore of another one, cut or not, lets a run take the half", async () => {
    await fill("blog");
    await world.pod("postgresql-databases.sh");
    await world.server.sql("drop database blog");
    const cut = {
      pg_restore:
        'case "$*" in *--create*) head -c 6000 | REAL "$@"; kill -KILL $PPID; exit 1 ;; *) exec REAL "$@" ;; esac',
    };
    await world.ask(restore, "restore blog", { shadow: cut });
    expect(await names()).toEqual(["blog", "shop"]);
    for (const name of ["blog", "shop"]) await world.ask(restore, `restore ${name}`, { shadow: cut });
    const all = await world.pod("postgresql-databases.sh");
    expect([all.runner.stdout, all.runner.status]).toEqual([
      expect.stringMatching(
        /a restore of database "blog", and one of database "shop" was cut[^]*ASK=restore blog'/,
      ),
      3,
    ]);
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
    const run = await world.pod("postgresql-databases.sh");
    expect([run.runner.stdout, run.runner.status]).toEqual([
      expect.stringMatching(/a restore of database "blog" was cut[^]*ASK=restore blog/),
      3,
    ]);
    expect((await world.ask(restore, "restore blog")).runner.status).toBe(0);
    expect((await world.pod("postgresql-databases.sh")).runner.status).toBe(0);
  });
});
