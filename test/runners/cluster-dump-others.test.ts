import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { startMariadb } from "./support/mariadb-server";
import { startPostgresql } from "./support/postgresql-server";

// Two jobs dump one server, as the reference's postgresql-backup and postgresql-per-db do. Each case is a handful of pods.
const rows = "insert into orders (id) select n from generate_series(1, 1002) n";

describe.each([
  {
    ...{ engine: "postgresql", start: startPostgresql, program: "pg_restore", dumps: "pg_dump" },
    reading: "set application_name = 'holdfast'; select pg_sleep(600)",
    readers: "select pid from pg_stat_activity where query like '%pg_sleep(600)' and pid <> pg_backend_pid()",
    mayMarkNothing: {
      psql: 'case "$*" in *--set=name=holdfast_busy_*) if grep -q "create role" ; then echo "ERROR: permission denied to create role" >&2; exit 1; fi ;; *) exec REAL "$@" ;; esac',
    },
    stops: (reader: string) => `select pg_terminate_backend(${reader})`,
    fill: ["create database shop", "create table orders (id int primary key)", rows],
    // Half of an archive has the table, and not all of its rows.
    cut: 'case "$*" in *--create*) head -c 3000 | REAL "$@"; kill -KILL $PPID; exit 1 ;; *) exec REAL "$@" ;; esac',
    forget: 'drop role "holdfast_busy_first"',
    whole: "pg_dumpall",
    begin: `psql --quiet --dbname=postgres --command='create role "holdfast_busy_first"'`,
  },
  {
    ...{ engine: "mariadb", start: startMariadb, program: "mariadb", dumps: "mariadb-dump" },
    reading: "select /*!40001 SQL_NO_CACHE */ sleep(600)",
    readers:
      "select id from information_schema.processlist where info like '%sleep(600)' and id <> connection_id()",
    mayMarkNothing: {
      mariadb:
        'case "$*" in *"create database if not exists"*) echo "ERROR 1044 (42000): Access denied" >&2; exit 1 ;; *) exec REAL "$@" ;; esac',
    },
    stops: (reader: string) => `kill ${reader}`,
    fill: [
      "create database shop",
      "create table orders (id int primary key)",
      "insert into orders (id) select seq from seq_1_to_1002",
    ],
    cut: 'case "$*" in *execute*|*batch*) exec REAL "$@" ;; *) head -c 1000 | REAL "$@"; kill -KILL $PPID; exit 1 ;; esac',
    forget: "drop database `holdfast_busy_first`",
    whole: "mariadb-dump",
    begin: `mariadb --defaults-file=$PWD/client.cnf --execute='create database holdfast_busy_first'`,
  },
])("a second job of a server of $engine", estate => {
  const {
    engine,
    start,
    fill,
    cut,
    program,
    forget,
    whole,
    begin,
    dumps,
    reading,
    readers,
    stops,
    mayMarkNothing,
  } = estate;
  let world: DumpWorld;
  let own: string;
  const [each, together, restore] = ["databases", "server", "restore"].map(
    script => `${engine}-${script}.sh`,
  ) as [string, string, string];

  function as(job: "first" | "second" | "third"): void {
    const target = join(own, job);
    mkdirSync(join(world.target, job), { recursive: true });
    world.writeConfig({
      job,
      target,
      stateDir: join(target, ".holdfast"),
      textfile: join(target, ".holdfast", "metrics.prom"),
    });
  }

  beforeAll(async () => {
    world = await createDumpWorld("first", start);
    own = world.config.target;
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    const [create = "", ...tables] = fill;
    await world.server.sql(create);
    for (const table of tables) await world.server.sql(table, "shop");
  });
  afterEach(async () => {
    await world.server.sql("drop database if exists shop");
    world.reset();
  });

  test("takes no half of what the first one's restore has made, and restores nothing beside it, until that has ended well", async () => {
    as("first");
    expect((await world.pod(each)).runner.status).toBe(0);
    await world.server.sql("drop database shop");
    expect((await world.ask(restore, "restore shop", { shadow: { [program]: cut } })).runner.status).toBe(1);

    as("second");
    for (const script of [together, each]) {
      const { runner } = await world.pod(script);
      expect([script, runner.stdout, runner.status]).toEqual([
        script,
        expect.stringMatching(
          new RegExp(
            `a restore by the job "first" is under way in this server, or was cut[^]*first-ask[^]*ASK=restore --back[^]*${forget}`,
          ),
        ),
        1,
      ]);
    }
    expect(world.files("second")).toEqual([]);

    as("first");
    const done = await world.ask(restore, "restore shop");
    expect([done.runner.stdout, done.runner.status]).toEqual([expect.stringMatching(/is as of/), 0]);
    as("second");
    const whole = await world.pod(each);
    expect([whole.runner.stdout, whole.runner.status]).toEqual([expect.stringMatching(/1002 rows/), 0]);
    as("third");
    expect((await world.pod(together)).runner.status).toBe(0);
    as("second");
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
  });

  test("fails where a restore has begun while it reads", async () => {
    as("second");
    const begins = { [whole]: `case "$*" in *--version*) exec REAL "$@" ;; esac; REAL "$@" && ${begin}` };
    const run = await world.pod(together, { shadow: begins });
    expect([run.runner.stdout, run.runner.status]).toEqual([
      expect.stringMatching(/its program ended with 1: a restore by the job "first" is under way/),
      1,
    ]);
    await world.server.sql(forget);
    const first = { [dumps]: `case "$*" in *shop*) ${begin} ;; esac; REAL "$@"` };
    await world.server.sql("create database shop_too");
    const parts = await world.pod(each, { shadow: first });
    await world.server.sql(`${forget}; drop database shop_too`);
    expect([parts.runner.stdout, parts.runner.status]).toEqual([
      expect.stringMatching(
        /database ".*": its program ended with 1: a restore by the job "first" is under way/,
      ),
      1,
    ]);
  });

  test("lets no restore begin while it reads", async () => {
    as("first");
    expect((await world.pod(each)).runner.status).toBe(0);
    const reads = world.server.sql(reading, "shop").catch(() => undefined);
    let reader = "";
    while (reader === "") reader = await world.server.sql(readers);
    const { runner } = await world.ask(restore, "restore shop");
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(
        /another job dumps this server, and would take the half[^]*Nothing was changed[^]*(pg_terminate_backend|kill)/,
      ),
      3,
    ]);
    await world.server.sql(stops(reader));
    await reads;
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
  });

  test("isn't told of a restore whose account may make no mark: that is said, and the restore is made", async () => {
    as("first");
    expect((await world.pod(each)).runner.status).toBe(0);
    const { runner } = await world.ask(restore, "restore shop", { shadow: mayMarkNothing });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/other jobs of this server don't know of this restore.*: .*denied[^]*is as of/),
      0,
    ]);
    as("third");
    expect((await world.pod(together)).runner.status).toBe(0);
  });

  test("restores nothing beside what the first one has left, and the first one undoes nothing without its record", async () => {
    as("second");
    expect((await world.pod(each)).runner.status).toBe(0);
    as("first");
    expect((await world.pod(each)).runner.status).toBe(0);
    await world.server.sql("drop database shop");
    const run = await world.ask(restore, "restore shop", { shadow: { [program]: cut } });
    expect(run.runner.stdout).toMatch(/ended in its midst/);
    rmSync(join(world.target, "first", ".holdfast", "restoring.json"));
    const back = await world.ask(restore, "restore --back");
    expect([back.runner.stdout, back.runner.status]).toEqual([
      expect.stringMatching(/its record is gone from the job's folder[^]*Nothing was changed/),
      3,
    ]);
    as("second");
    for (const asked of ["restore shop", "restore --back"]) {
      const { runner } = await world.ask(restore, asked);
      expect([asked, runner.stdout, runner.status]).toEqual([
        asked,
        expect.stringMatching(
          /a restore by the job "first" is under way in this server, or was cut[^]*first-ask/,
        ),
        3,
      ]);
    }
    as("first");
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
    as("third");
    expect((await world.pod(together)).runner.status).toBe(0);
  });
});
