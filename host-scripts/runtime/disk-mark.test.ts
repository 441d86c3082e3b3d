import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveMark } from "./disk-mark";
import { createLog } from "./log";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-mark-"));
  for (const disk of ["disk", "other"]) mkdirSync(join(folder, disk));
});
afterEach(() => rmSync(folder, { recursive: true }));

const prove = (job: string, disk = "disk", fsUuid = "one", dryRun = false): void =>
  proveMark(
    { job, stateDir: join(folder, job), target: { path: join(folder, disk), fsUuid } },
    { dryRun, log: createLog("job", { json: true, progress: false }) },
  );
const mark = (): string => readFileSync(join(folder, "disk/.holdfast/mark"), "utf8");

test("a disk gets one mark, which each job remembers, also one that was set up anew", () => {
  prove("mirror");
  const first = mark();
  expect(first).toMatch(/^[0-9a-f-]{36}\n$/);
  for (const job of ["mirror", "backup", "mirror"]) prove(job);
  rmSync(join(folder, "mirror"), { recursive: true });
  prove("mirror");
  expect(mark()).toBe(first);
});

test("another disk with that UUID is refused by each job that knows the first, and left as it is", () => {
  prove("mirror");
  expect(() => prove("mirror", "other")).toThrow(/it has no mark/);
  expect(existsSync(join(folder, "other/.holdfast"))).toBe(false);
  prove("backup", "other");
  expect(() => prove("mirror", "other")).toThrow(/it has another mark/);
});

test("another UUID in the estate is another disk", () => {
  prove("mirror");
  prove("mirror", "other", "two");
  expect(() => prove("mirror", "disk", "two")).toThrow(/another mark/);
});

test("an earlier state of the disk is refused by each job that has run since, and taken by one that is told so", () => {
  for (const job of ["mirror", "backup"]) prove(job);
  const [disk, clone] = [join(folder, "disk"), join(folder, "clone")];
  cpSync(disk, clone, { recursive: true });
  // A run that looks alone changes nothing.
  prove("mirror", "disk", "one", true);
  prove("mirror");
  for (const dryRun of [true, false])
    expect(() => prove("mirror", "clone", "one", dryRun)).toThrow(
      /earlier state of the backup disk.* number 1 of mirror, and this host knows of number 2/,
    );
  // One that hasn't run since has nothing to lose by it.
  prove("backup", "clone");
  rmSync(join(folder, "mirror/disk-run"));
  for (const night of [2, 3]) {
    prove("mirror", "clone");
    expect(readFileSync(join(clone, ".holdfast/runs/mirror"), "utf8")).toBe(`${night}\n`);
  }
});

test("what was remembered and can't be read is refused, and nothing is written by a dry run", () => {
  prove("mirror", "disk", "one", true);
  expect(existsSync(join(folder, "disk/.holdfast"))).toBe(false);
  prove("mirror");
  writeFileSync(join(folder, "mirror/disk.json"), "{");
  expect(() => prove("mirror")).toThrow(/which disk earlier runs wrote to can't be read/);
});
