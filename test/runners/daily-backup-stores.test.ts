import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { copyStores, type Stores } from "../../host-scripts/daily-backup/copy-stores";
import type { Accepted } from "../../plan/contracts/accepted";
import { backupRun, volumeTask } from "./support/backup-run";
import { useEnvironment } from "./support/rsync-tools";
import { sqliteTools } from "./support/sqlite-world";

let folder: string;
let restoreEnvironment: () => void;
let accepted: Accepted[];

beforeEach(async () => {
  accepted = [];
  folder = mkdtempSync("/dev/shm/holdfast-stores-");
  for (const name of ["bin", "disk"]) mkdirSync(join(folder, name));
  restoreEnvironment = useEnvironment(await sqliteTools(join(folder, "bin")));
});
afterEach(() => {
  restoreEnvironment();
  rmSync(folder, { recursive: true, force: true });
});

/** What the record of the night before says. */
type Before = Pick<Stores, "hasDatabases" | "copies">;

/**
 * One night's copies of the databases in a snapshot.
 * @param changed as a comparison with the files of the night before has it
 */
async function night(
  snapshot: string,
  date: string,
  changed: readonly string[] | undefined,
  before: Before,
): Promise<Stores> {
  const [run, task] = [backupRun(folder, date), volumeTask(before)];
  const { volumes } = run.config;
  if (!volumes) throw new Error("the run has no volumes");
  const accepting = { ...run, config: { ...run.config, volumes: { ...volumes, accepted } } };
  // SQLite writes to what it reads.
  const scratch = join(folder, "scratch");
  rmSync(scratch, { recursive: true, force: true });
  cpSync(join(folder, snapshot), scratch, { recursive: true, preserveTimestamps: true });
  const paths = changed?.map(path => Buffer.from(path));
  return copyStores(
    accepting,
    task,
    { folder: scratch, makeWritable: () => Promise.resolve() },
    paths,
    new AbortController().signal,
  );
}

const copyOf = (week: string): string => join(folder, "disk/sqlite-backup", week, "app/data/app.db");

/** Asked of another copy, as looking at one writes beside it. */
async function rowsIn(database: string): Promise<string> {
  return (await execa("sqlite3", [`file:${database}?immutable=1`, "SELECT count(*) FROM t;"])).stdout;
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
  await execa("sqlite3", ["app.db"], { cwd: join(folder, "live"), input: `${script.join("\n")}\n` });
  expect(modified("second/app.db")).toBe(modified("first/app.db"));
}

const modified = (path: string): bigint => lstatSync(join(folder, path), { bigint: true }).mtimeNs;

test("a copy that failed on the first night of a week is made the next night, although nothing changed since", async () => {
  await makeSnapshots();
  const before = await night("first", "2026-05-20T03:00:00Z", undefined, {});
  expect(before.failed).toBeUndefined();
  expect(await rowsIn(copyOf("2026-21"))).toBe("1");

  writeFileSync(join(folder, "bin/sqlite3"), "#!/bin/sh\necho disk I/O error >&2; exit 1\n", { mode: 0o755 });
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

test("an unchanged database shares the copy that the record names, and no other", async () => {
  await makeSnapshots();
  const before = await night("first", "2026-05-20T03:00:00Z", undefined, {});
  const inode = (week: string): number => lstatSync(copyOf(week)).ino;
  const next = await night("first", "2026-05-26T03:00:00Z", [], before);
  expect(inode("2026-22")).toBe(inode("2026-21"));
  // A run that ended before its record left this week's generation: the record is of the one before.
  expect(next.copies).not.toBe(before.copies);
  const shared = inode("2026-22");
  await night("first", "2026-05-27T03:00:00Z", [], before);
  expect(inode("2026-22")).not.toBe(shared);
});

test("a stray file with SQLite's first bytes is reported, until the estate accepts it", async () => {
  mkdirSync(join(folder, "stray"));
  writeFileSync(join(folder, "stray/sample.bin"), `SQLite format 3\0${"no database ".repeat(100)}`);
  const first = await night("stray", "2026-05-20T03:00:00Z", undefined, {});
  expect(first.failed?.next).toContain('accept "app/data/PATH"');
  accepted = [{ path: "app/data/sample.bin", reason: "a test's sample", until: "2026-06-30" }];
  const second = await night("stray", "2026-05-21T03:00:00Z", [], first);
  expect(second.failed).toBeUndefined();
  // It is looked at again each night, as the day comes on which it is no longer accepted.
  expect(await night("stray", "2026-07-01T03:00:00Z", [], second)).toHaveProperty("failed.reason");
});
