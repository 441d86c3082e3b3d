import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { inTime, testLong } from "../long";
import { nastyNames } from "./support/nasty";
import { confessed, confession, fileForAll } from "./support/parser";
import { createSqliteWorld, type SqliteWorld } from "./support/sqlite-world";

let world: SqliteWorld;
let volume: string;
let backup: string;

beforeEach(async () => {
  world = await createSqliteWorld();
  volume = world.outside(world.volume);
  backup = world.outside(world.backup);
});
afterEach(() => world.close());

const notes = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT);";
const fill = (rows: number, bytes = 100): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows}) INSERT INTO notes(text) SELECT hex(randomblob(${bytes / 2})) FROM n;`;
/** Asked of another copy, as its own path may be too long for SQLite. */
async function rowsOf(copy: string, table = "notes"): Promise<string> {
  await world.inside("cp", `${world.backup}/${copy}`, `${world.backup}/to-look-at`);
  return world.inside(
    "sqlite3",
    `file:${world.backup}/to-look-at?immutable=1`,
    `SELECT count(*) FROM ${table};`,
  );
}
const integrityOf = (copy: string): Promise<string> =>
  world.inside("sqlite3", `file:${world.backup}/${copy}?immutable=1`, "PRAGMA integrity_check;");

/** A program that has a database open; each statement is done once `ask` resolves. */
function openWriter(path: string): { ask(sql: string): Promise<void>; end(): Promise<void> } {
  const [program, args] = world.command("sqlite3", "-batch", path);
  const child: ChildProcessWithoutNullStreams = spawn(program, args);
  let [said, asked] = ["", 0];
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return {
    ask: async sql => {
      asked += 1;
      child.stdin.write(`${sql}\nSELECT 'done ${asked}';\n`);
      while (!said.includes(`done ${asked}\n`))
        await new Promise(resolve => child.stdout.once("data", resolve));
      if (/error/i.test(said)) throw new Error(said);
    },
    end: async () => {
      const ended = new Promise(resolve => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}

/** What a snapshot has of a database that a program is writing: its files, byte by byte, at one instant. */
function snapshotInto(folder: string, name: string): void {
  mkdirSync(`${volume}/${folder}`, { recursive: true });
  for (const suffix of ["", "-wal", "-shm", "-journal"])
    if (existsSync(`${volume}/live/${name}${suffix}`))
      copyFileSync(`${volume}/live/${name}${suffix}`, `${volume}/${folder}/${name}${suffix}`);
}

test("a WAL database in mid-transaction: what was committed to the log alone is in the copy, what was not is not", async () => {
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5;");
  await writer.ask(`${notes} ${fill(500)}`);
  await writer.ask(`BEGIN; ${fill(5000)}`);
  snapshotInto("snapshot", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  // The transaction that wasn't committed is in the log already.
  expect(lstatSync(`${volume}/snapshot/app.db-wal`).size).toBeGreaterThan(400_000);
  expect(lstatSync(`${volume}/snapshot/app.db`).size).toBe(4096);

  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, linked: 0, failed: [] });
  expect(await rowsOf("one/snapshot/app.db")).toBe("500");
  expect(await integrityOf("one/snapshot/app.db")).toBe("ok");
  expect(readdirSync(`${backup}/one/snapshot`)).toEqual(["app.db"]);
});

test("a hot rollback journal: the transaction that was cut short is undone in the copy", async () => {
  mkdirSync(`${volume}/live`);
  await world.sql("live/app.db", notes, fill(500));
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask("PRAGMA cache_size=5;");
  await writer.ask("BEGIN; UPDATE notes SET text = 'half done'; DELETE FROM notes WHERE id % 2 = 0;");
  snapshotInto("snapshot", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  expect(readFileSync(`${volume}/snapshot/app.db`, "latin1")).toContain("half done");
  utimesSync(`${volume}/snapshot/app.db`, 1_700_000_000, 1_700_000_000);

  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(await rowsOf("one/snapshot/app.db")).toBe("500");
  expect(readFileSync(`${backup}/one/snapshot/app.db`, "latin1")).not.toContain("half done");
  expect(lstatSync(`${backup}/one/snapshot/app.db`).mtimeMs).toBe(1_700_000_000_000);
});

test("a journal that names a file of the host: the database is reported, and the file stays", async () => {
  mkdirSync(`${volume}/live`);
  await world.sql("live/app.db", notes, fill(500));
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask("PRAGMA cache_size=5;");
  await writer.ask("BEGIN; UPDATE notes SET text = 'half done';");
  snapshotInto("snapshot", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  // Not empty, and no other journal names it: SQLite takes it for a transaction's leftover, and removes it.
  writeFileSync(`${backup}/precious`, "/nowhere\0");
  const name = Buffer.from(`${world.backup}/precious`);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(name.length, 0);
  numbers.writeUInt32BE(
    [...name].reduce((sum, byte) => sum + byte, 0),
    4,
  );
  const page = Buffer.alloc(4);
  page.writeUInt32BE(262_145);
  const magic = Buffer.from("d9d505f920a163d7", "hex");
  appendFileSync(`${volume}/snapshot/app.db-journal`, Buffer.concat([page, name, numbers, magic]));
  await world.sql("other.db", notes, fill(3));

  const { copied, failed } = await world.copy({ into: "one" });
  expect(existsSync(`${backup}/precious`)).toBe(true);
  expect(copied).toBe(1);
  expect(failed).toEqual([
    { path: "snapshot/app.db", reason: expect.stringContaining("several databases") as string },
  ]);
});

test("names as nasty as they come, deep folders, no extension: all are found and copied under their own names", async () => {
  await world.sql("plain", notes, fill(7));
  mkdirSync(`${volume}/nasty`);
  const deep = `${"a folder of some length/".repeat(40)}deeper`;
  mkdirSync(`${volume}/${deep}`, { recursive: true });
  const names = [...nastyNames, "x.db -cmd", "a?mode=memory&b#c%00", ".dump", "file:x"].map(name =>
    Buffer.from(name),
  );
  for (const name of names)
    copyFileSync(`${volume}/plain`, Buffer.concat([Buffer.from(`${volume}/nasty/`), name]));
  copyFileSync(`${volume}/plain`, `${volume}/${deep}/db`);

  const { copied, failed } = await world.copy({ into: "one" });
  expect(failed).toEqual([]);
  expect(copied).toBe(names.length + 2);
  const hex = (folder: string): string[] =>
    readdirSync(folder, "buffer")
      .map(name => name.toString("hex"))
      .sort();
  expect(hex(`${backup}/one/nasty`)).toEqual(hex(`${volume}/nasty`));
  expect(await rowsOf(`one/${deep}/db`)).toBe("7");
  for (const name of readdirSync(`${backup}/one/nasty`, "buffer"))
    expect(
      readFileSync(Buffer.concat([Buffer.from(`${backup}/one/nasty/`), name])).includes("CREATE TABLE notes"),
    ).toBe(true);
  expect(readdirSync(volume).sort()).toEqual(["a folder of some length", "lost+found", "nasty", "plain"]);
});

test("a deep path with a log beside it: the log is applied", async () => {
  const deep = `${"a folder of some length/".repeat(40)}deeper`;
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; ${notes} ${fill(50)}`);
  snapshotInto(deep, "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(await rowsOf(`one/${deep}/app.db`)).toBe("50");
});

test("links that lead out of the volume, FIFOs, empty and short files, folders with a database's name: none is opened", async () => {
  writeFileSync(`${backup}/secret.db`, "");
  await world.inside("sqlite3", `${world.backup}/secret.db`, notes);
  symlinkSync(`${world.backup}/secret.db`, `${volume}/link.db`);
  symlinkSync(world.backup, `${volume}/folder-link`);
  await world.inside("mkfifo", `${world.volume}/SQLite format 3`);
  await world.inside("mknod", `${world.volume}/null.db`, "c", "1", "3");
  writeFileSync(`${volume}/empty.db`, "");
  writeFileSync(`${volume}/short.db`, "SQLite format");
  mkdirSync(`${volume}/folder.db`);
  const found = { copied: 0, linked: 0, failed: [] };
  expect(await world.copy({ into: "one" })).toMatchObject(found);
  mkdirSync(`${backup}/none`);
  const changed = ["link.db", "folder-link/secret.db", "SQLite format 3", "null.db", "empty.db", "gone.db"];
  expect(await world.copy({ into: "two", previous: "none", changed })).toMatchObject(found);
  expect(readdirSync(`${backup}/two`)).toEqual([]);
});

test("a log beside an empty database, as SQLite's own rules have it, holds nothing", async () => {
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; ${notes} ${fill(50)}`);
  snapshotInto("snapshot", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  truncateSync(`${volume}/snapshot/app.db`);
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 0, failed: [] });
  expect(await world.sql("snapshot/app.db", "SELECT count(*) FROM sqlite_schema;")).toBe("0");
});

test("a database with damage inside is reported in SQLite's words, and the others are copied", async () => {
  await world.sql("damaged.db", notes, fill(5000), "CREATE INDEX by_text ON notes(text);");
  await world.sql("torn.db", notes, fill(5000));
  await world.sql("good.db", notes, fill(5));
  const damaged = readFileSync(`${volume}/damaged.db`);
  damaged.fill(0xee, 40_960, 45_056);
  writeFileSync(`${volume}/damaged.db`, damaged);
  truncateSync(`${volume}/torn.db`, 100_000);
  writeFileSync(`${volume}/header-only.db`, "SQLite format 3\0 and nothing that follows");

  const { copied, failed } = await world.copy({ into: "one" });
  expect(copied).toBe(1);
  const reasons = Object.fromEntries(failed.map(({ path, reason }) => [path, reason]));
  expect(Object.keys(reasons).sort()).toEqual(["damaged.db", "header-only.db", "torn.db"]);
  expect(reasons["damaged.db"]).toMatch(/malformed|damaged/);
  expect(reasons["torn.db"]).toMatch(/malformed|damaged/);
  expect(reasons["header-only.db"]).toContain("not a database");
  expect(readdirSync(`${backup}/one`).sort()).toEqual([".holdfast-failed", "good.db"]);
});

test("damage that a count of rows doesn't meet is found by the structure's check", async () => {
  await world.sql("app.db", notes, fill(20, 40_000));
  const bytes = readFileSync(`${volume}/app.db`);
  const tree = [2, 5, 10, 13];
  // The link to the next page of a long text leads nowhere.
  for (let page = 10 * 4096; page < bytes.length; page += 4096)
    if (!tree.includes(bytes[page] ?? 0)) bytes.writeUInt32BE(0x00ffffff, page);
  writeFileSync(`${volume}/app.db`, bytes);
  expect(await world.sql("app.db", "SELECT count(*) FROM notes;")).toBe("20");
  const { copied, failed } = await world.copy({ into: "one" });
  expect(copied).toBe(0);
  expect(failed).toEqual([{ path: "app.db", reason: expect.stringMatching(/damaged|malformed/) as string }]);
});

test("a big database is checked while it is copied: with its log, with damage, with an index that only its program knows", async () => {
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/log.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; ${notes} ${fill(1_000, 10_000)} PRAGMA wal_checkpoint;`);
  await writer.ask(`PRAGMA wal_autocheckpoint=0; ${fill(7)}`);
  await writer.ask(`BEGIN; ${fill(300, 10_000)}`);
  snapshotInto("app", "log.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  expect(lstatSync(`${volume}/app/log.db`).size).toBeGreaterThan(8 * 1024 * 1024);
  await world.sql(
    "app/damaged.db",
    notes,
    fill(1_000, 10_000),
    "CREATE INDEX by_text ON notes(substr(text, 1, 9));",
  );
  await world.sql(
    "app/index.db",
    ...[notes, fill(1_000, 10_000), "CREATE TABLE strange(x); CREATE INDEX by_x ON strange(x);"],
    ".dbconfig defensive off",
    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX by_x ON strange(x COLLATE own)' WHERE name = 'by_x';",
  );
  const bytes = readFileSync(`${volume}/app/damaged.db`);
  for (let page = 100 * 4096; page < bytes.length; page += 4096)
    if (![2, 5, 10, 13].includes(bytes[page] ?? 0)) bytes.writeUInt32BE(0x00ffffff, page);
  writeFileSync(`${volume}/app/damaged.db`, bytes);

  const { copied, failed } = await world.copy({ into: "one" });
  expect(failed).toEqual([
    { path: "app/damaged.db", reason: expect.stringMatching(/damaged|malformed/) as string },
  ]);
  expect(copied).toBe(2);
  expect(await rowsOf("one/app/log.db")).toBe("1007");
  expect(await rowsOf("one/app/index.db")).toBe("1000");
  expect(readdirSync(`${backup}/one/app`).sort()).toEqual(["index.db", "log.db"]);
});

test("a change that is in the log alone is a change of its database", async () => {
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${notes} ${fill(50)}`);
  snapshotInto("app", "app.db");
  await writer.ask(fill(5));
  const log = readFileSync(`${volume}/live/app.db-wal`);
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  const unchanged = (): void => utimesSync(`${volume}/app/app.db`, 1_700_000_000, 1_700_000_000);
  unchanged();
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1 });
  writeFileSync(`${volume}/app/app.db-wal`, log);
  unchanged();
  const changed = ["app/app.db-wal"];
  expect(await world.copy({ into: "two", previous: "one", changed })).toMatchObject({ copied: 1, linked: 0 });
  expect(await rowsOf("two/app/app.db")).toBe("55");
});

test("who parses a database has no rights, no network and no way to start another, and can change nothing but a copy that has a log", async () => {
  await world.sql("quiet.db", notes, fill(500));
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; ${notes} ${fill(50)}`);
  snapshotInto("app", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  const before = readFileSync(`${volume}/quiet.db`);
  // Whichever of them it is called for: the quiet one is the first, or the second, of the two that are copied together.
  const tries = ["made", "../made", "/run/holdfast-sqlite/made", `${world.backup}/made`, "../sources/0"];
  fileForAll(`${backup}/told`);
  world.shadow(
    "sqlite3",
    confession(`${world.backup}/told`, tries).replace("exec REAL", "[ -s 0-wal ] || echo x >0\nexec REAL"),
  );
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 2, failed: [] });
  const told = confessed(readFileSync(`${backup}/told`, "utf8"));
  expect(told).toMatchObject({ harm: [], networks: ["lo"], mostProcesses: ["1", "1"] });
  expect(Math.min(...told.users, ...told.groups)).toBeGreaterThanOrEqual(1_879_048_192);
  world.shadow("sqlite3", 'exec REAL "$@"');
  expect(readFileSync(`${backup}/one/quiet.db`).equals(before)).toBe(true);
  expect(await rowsOf("one/app/app.db")).toBe("50");
  expect(await world.inside("stat", "-c", "%u %g %a", `${world.backup}/one/quiet.db`)).toBe("0 0 644");
});

test("nothing that is called a success rests on sqlite3's word: a log that was not applied is told", async () => {
  mkdirSync(`${volume}/live`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA journal_mode=WAL; ${notes} ${fill(50)}`);
  snapshotInto("log", "app.db");
  await writer.end();
  rmSync(`${volume}/live/app.db`);
  await world.sql("live/app.db", notes, fill(500));
  const rolled = openWriter(`${world.volume}/live/app.db`);
  await rolled.ask("PRAGMA cache_size=5; BEGIN; UPDATE notes SET text = 'half done';");
  snapshotInto("journal", "app.db");
  await rolled.end();
  rmSync(`${volume}/live`, { recursive: true });
  world.shadow("sqlite3", "echo 'next|'; echo 'answer|ok'");
  const { copied, failed } = await world.copy({ into: "one" });
  expect(copied).toBe(0);
  expect(Object.fromEntries(failed.map(({ path, reason }) => [path, reason]))).toEqual({
    "journal/app.db": "its journal was not applied",
    "log/app.db": "its write-ahead log was not applied",
  });
  expect(readdirSync(`${backup}/one`).sort()).toEqual([".holdfast-failed", "journal", "log"]);
  expect(readdirSync(`${backup}/one/log`)).toEqual([]);
});

test("the snapshot is read only, and stays as it is", async () => {
  mkdirSync(`${volume}/live`);
  await world.sql("live/app.db", notes, fill(500));
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask("PRAGMA cache_size=5; BEGIN; UPDATE notes SET text = 'half done';");
  snapshotInto("app", "app.db");
  await writer.end();
  rmSync(`${volume}/live`, { recursive: true });
  await world.inside("mount", "-o", "remount,ro", world.volume);
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(await rowsOf("one/app/app.db")).toBe("500");
});

test.each(["-wal", "-journal"])("a link in the place of a database's %s isn't followed", async suffix => {
  await world.sql("app.db", notes, fill(5));
  writeFileSync(`${backup}/secret`, "a file of the host");
  symlinkSync(`${world.backup}/secret`, `${volume}/app.db${suffix}`);
  const { copied, failed } = await world.copy({ into: "one" });
  expect([copied, failed.map(({ path }) => path)]).toEqual([0, ["app.db"]]);
  expect(readFileSync(`${backup}/secret`, "utf8")).toBe("a file of the host");
  expect(readdirSync(`${backup}/one`)).toEqual([".holdfast-failed"]);
});

test.each(inTime(2, ["setpriv", "prlimit", "unshare", "sqlite3"]))(
  "without %s nothing is parsed, and it is named",
  async name => {
    await world.sql("app.db", notes, fill(5));
    world.shadow(name, "");
    await world.inside("chmod", "0644", `${world.backup}/../bin/${name}`);
    // Only what this test names is found.
    await world.inside(
      "sh",
      "-c",
      `for file in $(which -a ${name}); do mount --bind ${world.backup}/../bin/${name} "$file"; done`,
    );
    const { status, stderr } = await world.start({ into: "one" }).finished;
    expect(stderr).toContain(`${name} can't be started`);
    expect(status).toBe(1);
  },
);

test("table names that are statements are counted as tables; virtual ones and broken views are passed over", async () => {
  const nasty = [
    `a"; DROP TABLE notes; --`,
    "line\nbreak",
    ".shell touch /tmp/pwned",
    "select",
    "x|y",
    "ünï",
    "",
  ];
  await world.sql(
    "app.db",
    notes,
    fill(20),
    "CREATE VIRTUAL TABLE search USING fts5(text); INSERT INTO search SELECT text FROM notes;",
    "CREATE VIEW broken AS SELECT missing FROM nowhere;",
    "CREATE TABLE pairs(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO pairs SELECT id, text FROM notes;",
    "CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT load_extension('x'); END;",
    ...nasty.map(
      name =>
        `CREATE TABLE "${name.replaceAll('"', '""')}"(x); INSERT INTO "${name.replaceAll('"', '""')}" VALUES(1);`,
    ),
  );
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(await rowsOf("one/app.db", "search")).toBe("20");
  expect(await integrityOf("one/app.db")).toBe("ok");
});

test("a schema that needs functions and virtual tables of its own program is copied all the same", async () => {
  await world.sql(
    "app.db",
    notes,
    fill(20),
    "CREATE TABLE strange(x TEXT); INSERT INTO strange VALUES('a'); CREATE INDEX by_x ON strange(x);",
    ".dbconfig defensive off",
    "PRAGMA writable_schema=ON;",
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_x ON strange(x COLLATE of_its_own)' WHERE name = 'by_x';",
    "INSERT INTO sqlite_schema VALUES('table', 'virtual', 'virtual', 0, 'CREATE VIRTUAL TABLE virtual USING of_its_own(x)');",
  );
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(await rowsOf("one/app.db")).toBe("20");
});

test("owner, mode, time to the nanosecond, ACL and attributes of the file are the copy's, and its folders' owners too", async () => {
  mkdirSync(`${volume}/app`, { mode: 0o750 });
  await world.sql("app/app.db", notes, fill(20));
  const file = `${world.volume}/app/app.db`;
  await world.inside("chown", "12345:54321", `${world.volume}/app`, file);
  await world.inside("chmod", "0640", file);
  await world.inside("setfacl", "-m", "u:777:rw", file);
  await world.inside("setfattr", "-n", "user.colour", "-v", "green", file);
  await world.inside("touch", "-d", "2026-05-26 03:04:05.123456789", file);
  await world.copy({ into: "one" });
  const described = async (root: string): Promise<string> =>
    (await world.inside("stat", "-c", "%a %u %g %.Y", `${root}/app`, `${root}/app/app.db`))
      .replace(/^(\S+ \S+ \S+) .*/, "$1")
      .concat(await world.inside("sh", "-c", `cd '${root}' && getfattr -d -m - -e hex app/app.db`));
  expect(await described(`${world.backup}/one`)).toBe(await described(world.volume));
});

test("the folder of the copies has the owner and mode of the volume's root: a restore over it leaves its workload in", async () => {
  await world.sql("app.db", notes, fill(5));
  await world.inside("chown", "12345:54321", world.volume);
  await world.inside("chmod", "2770", world.volume);
  await world.copy({ into: "one" });
  expect(await world.inside("stat", "-c", "%a %u %g", `${world.backup}/one`)).toBe("2770 12345 54321");
});

test("with a list of what changed, unchanged databases are linked, also when a million other files are not looked at", async () => {
  await world.sql("same.db", notes, fill(50));
  await world.sql("changed.db", notes, fill(50));
  await world.sql("renamed.db", notes, fill(50));
  await world.sql("touched.db", notes, fill(50));
  await world.sql("deleted.db", notes, fill(50));
  await world.copy({ into: "one" });
  await world.sql("changed.db", fill(5));
  mkdirSync(`${volume}/moved`);
  await world.inside("mv", `${world.volume}/renamed.db`, `${world.volume}/moved/inner.db`);
  await world.inside("chmod", "600", `${world.volume}/touched.db`);
  rmSync(`${volume}/deleted.db`);
  // Not in the list, so nobody looks at it.
  await world.sql("unlisted.db", notes);
  const changed = ["changed.db-wal", "moved", "renamed.db"];
  const copies = await world.copy({ into: "two", previous: "one", changed });
  expect(copies).toMatchObject({ copied: 3, linked: 1, failed: [] });
  const inode = (path: string): number => lstatSync(`${backup}/${path}`).ino;
  expect(inode("two/same.db")).toBe(inode("one/same.db"));
  expect(await rowsOf("two/changed.db")).toBe("55");
  expect(await rowsOf("one/changed.db")).toBe("50");
  expect(lstatSync(`${backup}/two/touched.db`).mode & 0o777).toBe(0o600);
  expect(await rowsOf("two/moved/inner.db")).toBe("50");
  expect(readdirSync(`${backup}/two`).sort()).toEqual(["changed.db", "moved", "same.db", "touched.db"]);
});

test("where an earlier search found no database, only what changed is looked at", async () => {
  await world.sql("new.db", notes);
  await world.sql("unlisted.db", notes);
  expect(await world.copy({ into: "one", changed: ["new.db", "file"] })).toMatchObject({
    copied: 1,
    linked: 0,
  });
  expect(readdirSync(`${backup}/one`)).toEqual(["new.db"]);
});

test("a log that is newer than the copy is a change, whatever the list of changes says", async () => {
  await world.sql("app.db", "PRAGMA journal_mode=WAL;", notes, fill(1));
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1 });
  mkdirSync(`${volume}/live`);
  await world.inside("cp", "--preserve=all", `${world.volume}/app.db`, `${world.volume}/live/app.db`);
  const writer = openWriter(`${world.volume}/live/app.db`);
  await writer.ask(`PRAGMA wal_autocheckpoint=0; ${fill(1_000)}`);
  copyFileSync(`${volume}/live/app.db-wal`, `${volume}/app.db-wal`);
  await writer.end();
  const again = { into: "two", previous: "one", changed: [] };
  expect(await world.copy(again)).toMatchObject({ copied: 1, linked: 0 });
  expect(await rowsOf("two/app.db")).toBe("1001");
});

test("a database that was damaged meanwhile: the good copy of before stays", async () => {
  await world.sql("app.db", notes, fill(50));
  await world.copy({ into: "one" });
  truncateSync(`${volume}/app.db`, 5000);
  const { failed } = await world.copy({ into: "two", previous: "one", changed: ["app.db"] });
  expect(failed).toEqual([
    { path: "app.db", reason: expect.stringContaining("its earlier copy is kept") as string },
  ]);
  expect(await rowsOf("two/app.db")).toBe("50");
});

test("the backup disk fills up: reported, and nothing half-made stays", async () => {
  await world.sql("a-first.db", notes, fill(300, 8_000));
  await world.copy({ into: "one" });
  await world.sql("big.db", notes, fill(2000, 20_000));
  await world.inside("fallocate", "-l", "85M", `${world.backup}/ballast`);
  const { failed } = await world.copy({ into: "two", previous: "one", changed: ["big.db"] });
  expect(failed).toEqual([{ path: "big.db", reason: expect.stringMatching(/full|No space/i) as string }]);
  expect(readdirSync(`${backup}/two`).sort()).toEqual([".holdfast-failed", "a-first.db"]);
});

test("two databases that fit one after the other, and not at once, are both copied", async () => {
  mkdirSync(`${volume}/live`);
  for (const name of ["a", "b"]) {
    await world.sql(`live/${name}.db`, "PRAGMA journal_mode=WAL;", notes, fill(750, 20_000));
    const writer = openWriter(`${world.volume}/live/${name}.db`);
    await writer.ask("PRAGMA wal_autocheckpoint=0; UPDATE notes SET text = hex(randomblob(10000));");
    snapshotInto("snapshot", `${name}.db`);
    await writer.end();
  }
  rmSync(`${volume}/live`, { recursive: true });
  const [bytes = 0] = ["", "-wal"].map(end => lstatSync(`${volume}/snapshot/a.db${end}`).size);
  const { bavail, bsize } = statfsSync(backup);
  const ballast = Math.floor((bavail * bsize - 3.5 * bytes) / 2 ** 20);
  await world.inside("fallocate", "-l", `${ballast}M`, `${world.backup}/ballast`);
  // Each takes twice its bytes while it is made. Who has them all goes on when the other one found no room.
  const other = `until [ -e ${world.volume}/was-full ]; do sleep 0.05; done`;
  world.shadow("cp", `if /usr/bin/cp "$@"; then ${other}; else touch ${world.volume}/was-full; exit 1; fi`);
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 2, failed: [] });
  for (const name of ["a", "b"]) expect(await integrityOf(`one/snapshot/${name}.db`)).toBe("ok");
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "%s in the middle of a copy: nothing has a database's name",
  async signal => {
    await world.sql("app.db", notes, fill(500));
    fileForAll(`${backup}/reached`);
    world.shadow("sqlite3", `echo >${world.backup}/reached; exec sleep 60`);
    const run = world.start({ into: "one" });
    await run.until(() => lstatSync(`${backup}/reached`).size > 0);
    run.kill(signal);
    const { status, signal: ended } = await run.finished;
    expect(ended ?? status).toBe(signal === "SIGKILL" ? "SIGKILL" : 1);
    expect(readdirSync(`${backup}/one`).filter(name => !name.startsWith(".holdfast-work-"))).toEqual([]);
    if (signal === "SIGTERM") expect(readdirSync(`${backup}/one`)).toEqual([]);
  },
);

test("a database whose copy takes too long is reported, and the others are copied", async () => {
  await world.sql("a-slow.db", notes, fill(500));
  await world.sql("quick.db", notes, fill(500));
  // No log, and so nothing of it counts; by it the program knows whose copy it has.
  writeFileSync(`${volume}/a-slow.db-wal`, "x");
  world.shadow("sqlite3", `[ -s 0-wal ] || [ -s 1-wal ] && exec sleep 60; exec REAL "$@"`);
  const { copied, failed } = await world.copy({ into: "one", timeoutMs: 1_500 });
  expect(copied).toBe(1);
  expect(failed).toEqual([
    { path: "a-slow.db", reason: expect.stringContaining("within its time") as string },
  ]);
});

test("the host's own .sqliterc is not read", async () => {
  await world.sql("app.db", notes, fill(5));
  const home = `${world.backup}/home`;
  mkdirSync(`${backup}/home`);
  writeFileSync(`${backup}/home/.sqliterc`, `.shell touch ${world.backup}/ran\n`);
  // sqlite3 asks the user database for its home, not $HOME.
  writeFileSync(`${backup}/passwd`, `root:x:0:0:root:${home}:/bin/sh\n`);
  await world.inside("mount", "--bind", `${world.backup}/passwd`, "/etc/passwd");
  expect(await world.copy({ into: "one" })).toMatchObject({ copied: 1, failed: [] });
  expect(existsSync(`${backup}/ran`)).toBe(false);
});

// A thousandfold of what the others have.
testLong("a tree of fifty thousand files is walked in little memory", async () => {
  mkdirSync(`${volume}/one-folder`);
  await world.sql("one-folder/app.db", notes, fill(5));
  writeFileSync(`${volume}/file`, "content");
  for (let index = 0; index < 50_000; index += 1)
    linkSync(`${volume}/file`, `${volume}/one-folder/${index < 25_000 ? "a" : "z"}${index}`);
  const run = world.start({ into: "one" });
  let peakKb = 0;
  void run.finished.then(() => (peakKb = -peakKb));
  await run.until(() => {
    try {
      peakKb = Math.max(
        peakKb,
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${run.pid}/status`, "utf8"))?.[1] ?? 0),
      );
    } catch {
      return true;
    }
    return run.output().includes('"copied":1');
  });
  expect(Math.abs(peakKb)).toBeLessThan(100_000);
  expect(JSON.parse((await run.finished).stdout)).toMatchObject({ copied: 1, failed: [] });
});
