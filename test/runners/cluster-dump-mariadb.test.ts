import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { startMariadb } from "./support/mariadb-server";

let world: DumpWorld;

const oddName = "-shop `of' \"all\n/x";
const odd = "%2Dshop%20%60of%27%20%22all%0A%2Fx";

beforeAll(async () => {
  world = await createDumpWorld("mysql-backup", startMariadb);
  await world.server.sql(`create database shop; create database \`${oddName.replaceAll("`", "``")}\`;
    use shop; create table orders (id int primary key auto_increment, note text, image blob);
    insert into orders (note, image) select concat('order (', seq, ')\\n(2'), x'00ff27' from seq_1_to_3000;
    create procedure hello() select 1; create user reader@localhost; grant select on shop.* to reader@localhost;`);
}, 180_000);
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

test("each database is a dump of its own, whatever its name, and one that fails stops no other", async () => {
  const { runner } = await world.pod("mariadb-databases.sh");
  expect([runner.stdout, runner.status]).toEqual([expect.stringContaining("3 good dumps"), 0]);
  expect(new Set(world.files().map(name => name.split("/")[0]))).toEqual(new Set([odd, "mysql", "shop"]));
  const failing = await world.pod("mariadb-databases.sh", {
    shadow: {
      "mariadb-dump": 'case "$*" in *" shop") REAL "$@" | head -c 5000; exit 2 ;; *) exec REAL "$@" ;; esac',
    },
  });
  expect([failing.runner.stdout, failing.runner.status]).toEqual([
    expect.stringMatching(/database "shop": its program ended with 2/),
    1,
  ]);
  expect(world.metrics()).toMatchObject({ backup_dumps: 2, backup_failed_dumps: 1 });
  const cut = await world.pod("mariadb-server.sh", {
    shadow: { "mariadb-dump": 'REAL "$@" | head -c 50000' },
  });
  expect(cut.runner.stdout).toMatch(/its last line isn't there: it was cut/);
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
