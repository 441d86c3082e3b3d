import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { startMariadb } from "./support/mariadb-server";

// Each case is a handful of pods.
let world: DumpWorld;

const oddName = "-shop `of' \"all\n/x";
const odd = "%2Dshop%20%60of%27%20%22all%0A%2Fx";

beforeAll(async () => {
  world = await createDumpWorld("mysql-backup", startMariadb);
  await world.server.sql(`create database shop; create database \`${oddName.replaceAll("`", "``")}\`;
    use shop; create table orders (id int primary key auto_increment, note text, image blob);
    insert into orders (note, image) select concat('order (', seq, ')\\n(2'), x'00ff27' from seq_1_to_3000;
    create procedure hello() select 1; create user reader@localhost; grant select on shop.* to reader@localhost;`);
  // What its dump writes in another way, or with lines that begin as rows do; and a view of a database that comes after it.
  await world.server.sql(`create database kinds; use kinds; create view orders as select id from shop.orders;
    create table first (id int); insert into first values (1), (2);
    create table hidden (id int, more int invisible default 4); insert into hidden (id) values (1), (2), (3);
    create table parts (id int primary key) partition by range (id) (partition p values less than (10), partition q values less than maxvalue);
    insert into parts values (1), (20); create table versioned (id int) with system versioning; insert into versioned values (1), (2);
    delete from versioned where id = 1; create trigger odd before insert on versioned for each row set new.id =\n(select new.id)`);
});
afterAll(() => world.close());
afterEach(() => world.reset());

test("the whole server is one dump, with its accounts, that restores everything into an empty one", async () => {
  const { client, runner } = await world.pod("mariadb-server.sh");
  expect([runner.stdout, client.status, runner.status]).toEqual([
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const [json = "", dump = ""] = world.files();
  expect(readManifest(join(world.target, json))).toMatchObject({
    ...{ form: "mariadb-sql", database: "", server: expect.stringContaining("MariaDB") as string },
    tables: { "`shop`.`orders`": 3000 },
  });
  const text = gunzipSync(readFileSync(join(world.target, dump))).toString();
  await world.server.sql("drop database shop; drop user reader@localhost");
  await world.server.sql(text);
  expect(
    await world.server.sql(
      "select count(*), hex(max(image)) from shop.orders; show grants for reader@localhost",
    ),
  ).toMatch(/^3000\t00FF27\n.*\n?.*GRANT SELECT ON `shop`\.\* TO `reader`@`localhost`/);
  expect(await world.server.sql("call shop.hello()")).toBe("1");
});

test.each(inTime(1, ["mariadb-server.sh", "mariadb-databases.sh"]))(
  "a drill brings dumps by %s back in a server of its own, with the accounts, and names what doesn't come back",
  async script => {
    await world.server.sql("create event later on schedule every 1 day do delete from orders", "shop");
    await world.pod(script);
    await world.server.sql("drop event later", "shop");
    const share = `${world.server.programs}/../share/mysql`;
    const own = `--basedir=${world.server.programs}/.. --lc-messages-dir=${share} --character-sets-dir=${share}/charsets`;
    const shadow = {
      mariadbd: `no=$1; shift; exec ${world.server.programs}/../sbin/mariadbd $no ${own} "$@"`,
      "mariadb-install-db": `no=$1; shift; exec REAL $no --basedir=${world.server.programs}/.. "$@"`,
    };
    const { runner, client } = await world.drill("mariadb-restore.sh", { shadow });
    expect([runner.stdout, runner.status, client.status]).toEqual([
      expect.stringMatching(/: [14] dumps \(\d+ bytes\) came back in an empty server/),
      0,
      0,
    ]);
    const mariadb =
      'if [ "$#" -eq 1 ]; then sed "/^INSERT INTO .orders/,/;$/d" | REAL "$1"; else exec REAL "$@"; fi';
    const lacking = await world.drill("mariadb-restore.sh", { shadow: { ...shadow, mariadb } });
    expect([lacking.runner.stdout, lacking.runner.status]).toEqual([
      expect.stringMatching(/1 of [14] dumps did not come back in an empty server: .*`orders` has/),
      1,
    ]);
    const mariadbd = shadow.mariadbd.replace('"$@"', '"$@" --innodb-data-file-path=ibdata1:5M');
    const none = await world.drill("mariadb-restore.sh", { shadow: { ...shadow, mariadbd } });
    expect([none.runner.stdout, none.runner.status]).toEqual([
      expect.stringMatching(/the client can't begin: .*ibdata1' is of a different size/),
      1,
    ]);
  },
);

test("each database is a dump of its own, whatever its name, and one that fails stops no other", async () => {
  const { runner } = await world.pod("mariadb-databases.sh");
  expect([runner.stdout, runner.status]).toEqual([expect.stringContaining("4 good dumps"), 0]);
  expect(new Set(world.files().map(name => name.split("/")[0]))).toEqual(
    new Set([odd, "kinds", "mysql", "shop"]),
  );
  const failing = await world.pod("mariadb-databases.sh", {
    shadow: {
      "mariadb-dump": 'case "$*" in *" shop") REAL "$@" | head -c 5000; exit 2 ;; *) exec REAL "$@" ;; esac',
    },
  });
  expect([failing.runner.stdout, failing.runner.status]).toEqual([
    expect.stringMatching(/database "shop": its program ended with 2/),
    1,
  ]);
  expect(world.metrics()).toMatchObject({ backup_dumps: 3, backup_failed_dumps: 1 });
  const cut = await world.pod("mariadb-server.sh", {
    shadow: { "mariadb-dump": 'REAL "$@" | head -c 50000' },
  });
  expect(cut.runner.stdout).toMatch(/its last line isn't there: it was cut/);
});

// MySQL's own client is none of Debian's: what it is asked for otherwise was tried with MySQL 9.7.
test("MySQL's client writes a row a line, which is counted, and no transactions of its server, which no other takes", async () => {
  const dump = `case $1 in --version) echo "mysqldump  Ver 9.7.4 for Linux on x86_64"; exit ;; esac
    echo "$@" >"$SCRATCH/asked"
    for word; do shift; [ "$word" = --set-gtid-purged=OFF ] || set -- "$@" "$word"; done
    exec REAL "$@"`;
  const { runner } = await world.pod("mariadb-server.sh", { shadow: { "mariadb-dump": dump } });
  expect([runner.stdout, runner.status]).toEqual([expect.stringContaining("1 good dumps"), 0]);
  const asked = readFileSync(join(world.target, "../scratch/asked"), "utf8");
  expect(asked).toMatch(/--skip-extended-insert .*--set-gtid-purged=OFF/);
  const [json = ""] = world.files();
  expect(readManifest(join(world.target, json))).toMatchObject({ tables: { "`shop`.`orders`": 3000 } });
  await world.pod("mariadb-server.sh", {
    shadow: { "mariadb-dump": 'echo "$@" >>"$SCRATCH/asked"; exec REAL "$@"' },
  });
  expect(readFileSync(join(world.target, "../scratch/asked"), "utf8")).not.toContain("gtid");
});

describe("a restore", () => {
  const state =
    "select count(*), hex(max(image)), max(id) from shop.orders; show create table shop.orders; show grants for reader@localhost; call shop.hello()";
  const restore = "mariadb-restore.sh";

  test("makes one database as its dump has it, after what it was is dumped; or one beside it", async () => {
    const before = await world.server.sql(state);
    await world.pod("mariadb-databases.sh");
    await world.server.sql("delete from orders where id > 7; create table later (a int)", "shop");
    const beside = await world.ask(restore, "restore shop --beside");
    expect([beside.runner.stdout, beside.runner.status]).toEqual([
      expect.stringMatching(/as database "shop_beside_/),
      0,
    ]);
    const [, other = ""] = /database "(shop_beside_\w+)"/.exec(beside.runner.stdout) ?? [];
    expect(
      await world.server.sql(
        `select count(*) from ${other}.orders; select count(*) from shop.orders; drop database ${other}`,
      ),
    ).toBe("3000\n7");
    const inPlace = await world.ask(restore, "restore shop");
    expect([inPlace.runner.stdout, inPlace.runner.status, inPlace.client.status]).toEqual([
      expect.stringMatching(/what was there before is in dump_/),
      0,
      0,
    ]);
    expect(await world.server.sql(state)).toBe(before);
    expect(await world.server.sql("show tables", "shop")).toBe("orders");
    const listed = await world.ask(restore, "list shop");
    const [, former = ""] = /^ {2}(\S+) .*of before a restore$/m.exec(listed.runner.stdout) ?? [];
    expect((await world.ask(restore, `restore shop --at ${former}`)).runner.status).toBe(0);
    expect(await world.server.sql("select count(*) from orders; show tables", "shop")).toBe(
      "7\nlater\norders",
    );
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
    expect(await world.server.sql(state)).toBe(before);
  });

  test("makes all databases in an empty server, with their accounts, from one text", async () => {
    const before = await world.server.sql(state);
    await world.pod("mariadb-server.sh");
    await world.server.sql(
      `drop database shop; drop database \`${oddName.replaceAll("`", "``")}\`; drop user reader@localhost`,
    );
    const { runner } = await world.ask(restore, "restore");
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/the whole server is as of/), 0]);
    expect(await world.server.sql(state)).toBe(before);
  });

  test("counts the rows of any kind of table, and of several databases one comes back that has a view of another", async () => {
    await world.pod("mariadb-databases.sh");
    const json = world.files("kinds").find(name => name.endsWith(".json")) ?? "";
    expect(readManifest(join(world.target, "kinds", json))?.tables).toEqual({
      ...{ "`kinds`.`first`": 2, "`kinds`.`hidden`": 3, "`kinds`.`parts`": 2, "`kinds`.`versioned`": 1 },
    });
    await world.server.sql("drop database kinds; drop database shop");
    const all = await world.ask(restore, "restore");
    expect([all.runner.stdout, all.runner.status]).toEqual([
      expect.stringMatching(/database "shop" is as of .*\n(?:.*\n)*database "kinds" is as of /),
      0,
    ]);
    expect(await world.server.sql("select count(*) from kinds.orders")).toBe("3000");
    const accounts = await world.ask(restore, "restore mysql --beside");
    expect([accounts.runner.stdout, accounts.runner.status]).toEqual([
      expect.stringMatching(/"mysql" is the server's own/),
      3,
    ]);
  });

  test("that fails stops none of the others; where its database can't be dumped before, that is said, and what to do", async () => {
    await world.pod("mariadb-databases.sh");
    const dump = 'case "$*" in *" kinds") echo "no rights" >&2; exit 3 ;; *) exec REAL "$@" ;; esac';
    const { runner } = await world.ask(restore, "restore", { shadow: { "mariadb-dump": dump } });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(
        /database "shop" is as of [^]*database "kinds" isn't restored, as what is there can't be dumped before it goes: .*no rights[^]*all others are restored/,
      ),
      1,
    ]);
  });

  test("beside that fails leaves nothing behind, in the server's words", async () => {
    await world.pod("mariadb-databases.sh");
    const mariadb =
      'case "$*" in *execute*|*batch*) exec REAL "$@" ;; *) { head -c 500; echo "nonsense" | sed "s/.*/&\\n&\\n&\\n&\\n&\\n&;/"; } | REAL "$@" ;; esac';
    const { runner } = await world.ask(restore, "restore shop --beside", { shadow: { mariadb } });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/isn't restored: ERROR \d+ .*\n.*What was there before is there again/),
      1,
    ]);
    expect(await world.server.sql("show databases like 'shop%'")).toBe("shop");
    expect((await world.pod("mariadb-databases.sh")).runner.status).toBe(0);
  });

  test("that fails in its midst puts back what was there", async () => {
    await world.pod("mariadb-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    const mariadb =
      'case "$*" in *execute*|*batch*) exec REAL "$@" ;; *) if mkdir "$EXCHANGE/once" 2>/dev/null; then head -c 2000 | REAL "$@"; exit 1; fi; exec REAL "$@" ;; esac';
    const { runner } = await world.ask(restore, "restore shop", { shadow: { mariadb } });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/What was there before is there again/),
      1,
    ]);
    expect(await world.server.sql("select count(*) from shop.orders")).toBe("7");
    expect((await world.ask(restore, "restore shop")).runner.status).toBe(0);
  });

  test("that is cut twice: what is told as there before is what was there before the first", async () => {
    await world.pod("mariadb-databases.sh");
    await world.server.sql("delete from orders where id > 7", "shop");
    const mariadb =
      'case "$*" in *execute*|*batch*) exec REAL "$@" ;; *) head -c 2000 | REAL "$@"; kill -KILL $PPID; exit 1 ;; esac';
    for (const time of ["first", "second"]) {
      const { runner } = await world.ask(restore, "restore shop", { shadow: { mariadb } });
      expect([time, runner.stdout, runner.status]).toEqual([
        time,
        expect.stringMatching(/ended in its midst/),
        1,
      ]);
    }
    const run = await world.pod("mariadb-databases.sh");
    expect(run.runner.status).toBe(3);
    const [, asked = ""] = /ASK=(restore shop --at [^' ]*)/.exec(run.runner.stdout) ?? [];
    const back = await world.ask(restore, asked);
    expect([back.runner.stdout, back.runner.status]).toEqual([expect.stringMatching(/is as of/), 0]);
    expect(await world.server.sql("select count(*) from shop.orders")).toBe("7");
    // It has so few rows that somebody is to look at its dump; that it is made is what counts here.
    expect((await world.pod("mariadb-databases.sh")).runner.stdout).toMatch(/takes database "shop"/);
  });
});

test("a server that refuses the password is told in its own words", async () => {
  const { runner } = await world.pod("mariadb-server.sh", {
    environment: { PASSWORD_FILE: "/etc/hostname" },
  });
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/isn't known: .*Access denied for user 'backup'/),
    1,
  ]);
});
