import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { copyFiles } from "../../host-scripts/daily-backup/copy-files";
import type { Stores } from "../../host-scripts/daily-backup/copy-stores";
import type { Accepted } from "../../plan/contracts/accepted";
import { inTime } from "../long";
import { bundleProgram, type SqliteNamespace, sqliteNamespace } from "./support/sqlite-world";
import { rsyncTools, useRsyncTools } from "./support/rsync-tools";

let folder: string;
let tools: SqliteNamespace;
let accepted: Accepted[];

beforeEach(async () => {
  accepted = [];
  folder = mkdtempSync("/dev/shm/holdfast-stores-");
  mkdirSync(join(folder, "disk"));
  tools = await sqliteNamespace(folder);
  await bundleProgram(program, join(folder, "night.cjs"));
});
afterEach(async () => {
  await tools.namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the record of the night before says. */
type Before = Omit<Stores, "failed">;

/** As a program of its own: a run has a mount table that nobody else changes. */
const program = `
import { copyStores } from "./host-scripts/daily-backup/copy-stores";
import { backupRun, volumeTask } from "./test/runners/support/backup-run";
const { folder, date, changed, before, accepted } = JSON.parse(process.argv[2]);
const run = backupRun(folder, date);
const volumes = { ...run.config.volumes, accepted };
const paths = changed && changed.map(path => Buffer.from(path));
copyStores(
  { ...run, config: { ...run.config, volumes } },
  volumeTask(before),
  folder + "/snapshot",
  paths,
  new AbortController().signal,
).then(
  ({ failed, ...stores }) => console.log("\\n" + JSON.stringify({ ...stores, ...(failed && { failed: { reason: failed.reason, next: failed.next } }) })),
  error => { console.error(error); process.exitCode = 1; },
);
`;

/**
 * One night's copies of the databases in a snapshot.
 * @param changed as a comparison with the files of the night before has it
 */
async function night(
  snapshot: string,
  date: string,
  changed: readonly string[] | undefined,
  { hasDatabases, goodCopies, databases }: Before,
): Promise<Stores> {
  rmSync(join(folder, "snapshot"), { recursive: true, force: true });
  cpSync(join(folder, snapshot), join(folder, "snapshot"), { recursive: true, preserveTimestamps: true });
  const asked = JSON.stringify({
    folder,
    date,
    changed,
    before: { hasDatabases, goodCopies, databases },
    accepted,
  });
  const argv = ["env", ...tools.environment, process.execPath, join(folder, "night.cjs"), asked] as const;
  const said = await tools.namespace.run(...argv);
  return JSON.parse(said.trim().split("\n").at(-1) ?? "") as Stores;
}

const copyOf = (week: string): string => join(folder, "disk/sqlite-backup", week, "app/data/app.db");

/** Asked of another copy, as looking at one writes beside it. */
async function rowsIn(database: string): Promise<string> {
  const argv = ["env", ...tools.environment, "sqlite3", `file:${database}?immutable=1`] as const;
  return tools.namespace.run(...argv, "SELECT count(*) FROM t;");
}

/** Two snapshots of a database that a program has open: what was written between them is in its log alone. */
async function makeSnapshots(): Promise<void> {
  const copyTo = (name: string): string => `.shell cp --preserve=timestamps app.db app.db-wal ../${name}`;
  const insert = (rows: number): string =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows}) INSERT INTO t SELECT i FROM n;`;
  const script = [
    "PRAGMA journal_mode=WAL;",
    "PRAGMA wal_autocheckpoint=0;",
    "CREATE TABLE t(x);",
    insert(1),
    copyTo("first"),
    insert(1_000),
    copyTo("second"),
  ];
  for (const name of ["live", "first", "second"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "script"), `${script.join("\n")}\n`);
  const make = `cd ${folder}/live && sqlite3 app.db <../script`;
  await tools.namespace.run("env", ...tools.environment, "sh", "-c", make);
  expect(modified("second/app.db")).toBe(modified("first/app.db"));
}

const modified = (path: string): bigint => lstatSync(join(folder, path), { bigint: true }).mtimeNs;

test("a copy that failed on the first night of a week is made the next night, although nothing changed since", async () => {
  await makeSnapshots();
  const before = await night("first", "2026-05-20T03:00:00Z", undefined, {});
  expect(before.failed).toBeUndefined();
  expect(await rowsIn(copyOf("2026-21"))).toBe("1");

  tools.shadow("sqlite3", "echo disk I/O error >&2; exit 1");
  const failed = await night("second", "2026-05-25T03:00:00Z", ["app.db-wal"], before);
  expect(failed.failed?.reason).toContain("1 of its databases have no good copy");
  rmSync(join(folder, "bin/sqlite3"));
  // Nothing of the new week is visible, and so no list of what failed either.
  expect(existsSync(copyOf("2026-22"))).toBe(false);

  // The comparison is with the files of the failed night, which are complete.
  const after = await night("second", "2026-05-26T03:00:00Z", [], failed);
  expect(after.failed).toBeUndefined();
  expect(await rowsIn(copyOf("2026-22"))).toBe("1001");
});

/** Two snapshots of one transaction: in the first one its journal is there yet, and that it goes is the commit. */
async function makeCommit(): Promise<void> {
  for (const name of ["live", "first", "second"]) mkdirSync(join(folder, name));
  const copyTo = (name: string, files: string): string =>
    `.shell cp --preserve=timestamps ${files} ../${name}`;
  const script = [
    // Its journal counts its pages as they are written, and not at the commit alone.
    "PRAGMA synchronous=OFF;",
    "CREATE TABLE t(x);",
    "INSERT INTO t VALUES(0);",
    "BEGIN;",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) INSERT INTO t SELECT i FROM n;",
    copyTo("first", "app.db-journal"),
    "COMMIT;",
    copyTo("first", "app.db"),
    copyTo("second", "app.db"),
  ];
  writeFileSync(join(folder, "script"), `${script.join("\n")}\n`);
  const make = `cd ${folder}/live && sqlite3 app.db <../script`;
  await tools.namespace.run("env", ...tools.environment, "sh", "-c", make);
}

/** What the comparison of a snapshot's files with those of the one before has it. */
async function changesBetween(first: string, second: string): Promise<string[]> {
  const restore = await useRsyncTools(join(folder, "bin"));
  const into = (name: string): string => join(folder, `files-${name}`);
  for (const name of [first, second]) mkdirSync(into(name));
  const common = { lockFd: 2, timeoutMs: 60_000, stop: new AbortController().signal };
  try {
    await copyFiles({ ...common, source: join(folder, first), base: undefined, into: into(first) });
    const later = { ...common, source: join(folder, second), base: into(first), into: into(second) };
    return (await copyFiles(later)).changed?.map(String) ?? [];
  } finally {
    restore();
  }
}

test("a journal that is gone is a change of its database: that it went was the commit", async () => {
  await makeCommit();
  expect(modified("second/app.db")).toBe(modified("first/app.db"));
  const before = await night("first", "2026-05-20T03:00:00Z", undefined, {});
  expect(await rowsIn(copyOf("2026-21"))).toBe("1");
  const changed = await changesBetween("first", "second");
  const after = await night("second", "2026-05-26T03:00:00Z", changed, before);
  expect(after.failed).toBeUndefined();
  expect(await rowsIn(copyOf("2026-22"))).toBe("1001");
});

test.each(
  inTime(1, [
    ["its first bytes are zeros", (file: string) => writeFileSync(file, Buffer.alloc(16), { flag: "r+" })],
    ["it was emptied", (file: string) => truncateSync(file)],
  ]),
)("a database of which %s fails, and its earlier copy stays", async (_, harm) => {
  await makeSnapshots();
  const before = await night("second", "2026-05-26T03:00:00Z", undefined, {});
  harm(join(folder, "second/app.db"));
  rmSync(join(folder, "second/app.db-wal"));
  for (const changed of [["app.db", "app.db-wal"], [], undefined]) {
    const after = await night("second", "2026-05-27T03:00:00Z", changed, before);
    expect(after.failed?.reason).toContain(
      "it was a database, and is none any more; its earlier copy is kept",
    );
    expect(await rowsIn(copyOf("2026-22"))).toBe("1001");
  }
  // One that is gone is gone.
  rmSync(join(folder, "second/app.db"));
  expect((await night("second", "2026-05-28T03:00:00Z", ["app.db"], before)).failed).toBeUndefined();
});

test("an unchanged database shares the copy that the record names, and no other", async () => {
  await makeSnapshots();
  const before = await night("first", "2026-05-20T03:00:00Z", undefined, {});
  const inode = (week: string): number => lstatSync(copyOf(week)).ino;
  const next = await night("first", "2026-05-26T03:00:00Z", [], before);
  expect(inode("2026-22")).toBe(inode("2026-21"));
  // A run that ended before its record left this week's generation: the record is of the one before.
  expect(next.goodCopies).not.toBe(before.goodCopies);
  const shared = inode("2026-22");
  await night("first", "2026-05-27T03:00:00Z", [], before);
  expect(inode("2026-22")).not.toBe(shared);
});

test.each(
  inTime(1, [
    ["was removed", (copy: string) => rmSync(copy)],
    ["rotted in its first bytes", (copy: string) => writeFileSync(copy, Buffer.alloc(16), { flag: "r+" })],
  ]),
)("an unchanged database whose copy %s is copied again", async (_, harm) => {
  await makeSnapshots();
  cpSync(join(folder, "second/app.db"), join(folder, "second/other.db"), { preserveTimestamps: true });
  const before = await night("second", "2026-05-20T03:00:00Z", undefined, {});
  harm(copyOf("2026-21"));
  const after = await night("second", "2026-05-26T03:00:00Z", [], before);
  expect(after.failed).toBeUndefined();
  expect(await rowsIn(copyOf("2026-22"))).toBe("1001");
});

test("a stray file with SQLite's first bytes is reported, until the estate accepts it", async () => {
  mkdirSync(join(folder, "stray"));
  writeFileSync(join(folder, "stray/sample.bin"), `SQLite format 3\0${"no database ".repeat(100)}`);
  const first = await night("stray", "2026-05-20T03:00:00Z", undefined, {});
  expect(first.failed?.next).toContain("accept app/data/PATH");
  accepted = [{ path: "app/data/sample.bin", reason: "a test's sample", until: "2026-06-30" }];
  const second = await night("stray", "2026-05-21T03:00:00Z", [], first);
  expect(second.failed).toBeUndefined();
  // It is looked at again each night, as the day comes on which it is no longer accepted.
  expect(await night("stray", "2026-07-01T03:00:00Z", [], second)).toHaveProperty("failed.reason");
});

/** As a program of its own: a volume is copied as a night does it, or compared by content. */
const contentsProgram = `
import { compareContents, fillVolume } from "./host-scripts/daily-backup/copy-volume";
import { readRecords } from "./host-scripts/daily-backup/record";
import { backupRun, volumeTask } from "./test/runners/support/backup-run";
const { folder, date, byContent } = JSON.parse(process.argv[2]);
const run = backupRun(folder, date);
const record = readRecords(run.config.stateDir).get("vm-1-pvc-app");
const snapshot = { volume: { uuid: "u", name: "snap", thinId: 7 }, origin: "vm-1-pvc-app", madeMs: 0 };
const task = { ...volumeTask(), record, snapshot };
const stop = new AbortController().signal;
const done = byContent
  ? compareContents(run, task, folder + "/snapshot", stop)
  : fillVolume(run, task, folder + "/snapshot", { wanted: [run.config.volumes.keep] }, stop);
done.then(
  () => console.log(JSON.stringify({ notes: run.notes })),
  error => { console.error(error); process.exitCode = 1; },
);
`;

test.each(inTime(1, ["alone", "with a file beside it"]))(
  "a comparison by content makes each database's copy anew: one that rotted %s isn't shared for ever",
  async rotten => {
    await makeSnapshots();
    cpSync(join(folder, "second"), join(folder, "snapshot"), { recursive: true, preserveTimestamps: true });
    writeFileSync(join(folder, "snapshot/note"), "the note");
    await bundleProgram(contentsProgram, join(folder, "contents.cjs"));
    const rsync = await rsyncTools(join(folder, "bin"));
    const variables = tools.environment.map(variable => {
      const name = variable.slice(0, variable.indexOf("=")) as keyof typeof rsync;
      return `${variable}:${rsync[name]}`;
    });
    const run = (date: string, byContent: boolean): Promise<string> => {
      const asked = JSON.stringify({ folder, date, byContent });
      return tools.namespace.run("env", ...variables, process.execPath, join(folder, "contents.cjs"), asked);
    };
    await run("2026-05-20T03:00:00Z", false);
    const copy = copyOf("2026-21");
    await tools.namespace.run("touch", "-r", copy, join(folder, "stamp"));
    const { size } = lstatSync(copy);
    writeFileSync(copy, Buffer.alloc(size - 4096), { flag: "r+" });
    writeFileSync(copy, "SQLite format 3\0", { flag: "r+" });
    await tools.namespace.run("touch", "-r", join(folder, "stamp"), copy);
    await run("2026-05-26T03:00:00Z", false);
    expect(lstatSync(copyOf("2026-22")).ino).toBe(lstatSync(copy).ino);
    const note = join(folder, "disk/pvc-data/2026-22/app/data/note");
    if (rotten !== "alone") {
      await tools.namespace.run("touch", "-r", note, join(folder, "stamp"));
      writeFileSync(note, "the nose");
      await tools.namespace.run("touch", "-r", join(folder, "stamp"), note);
    }
    await run("2026-05-26T04:00:00Z", true);
    expect([await rowsIn(copyOf("2026-22")), readFileSync(note, "utf8")]).toEqual(["1001", "the note"]);
  },
);
