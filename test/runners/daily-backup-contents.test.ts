import {
  lstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compareContents, fillVolume } from "../../host-scripts/daily-backup/copy-volume";
import type { DailyBackup, VolumeTask } from "../../host-scripts/daily-backup/daily-backup";
import { readRecords, type VolumeRecord } from "../../host-scripts/daily-backup/record";
import { backupRun, volumeTask } from "./support/backup-run";
import { useRsyncTools } from "./support/rsync-tools";

let folder: string;
let restoreEnvironment: () => void;

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-contents-");
  for (const name of ["bin", "disk", "volume"]) mkdirSync(join(folder, name));
  restoreEnvironment = await useRsyncTools(join(folder, "bin"));
  for (const name of ["one", "two", "three"])
    writeFileSync(join(folder, "volume", name), `content of ${name}`);
  linkSync(join(folder, "volume/one"), join(folder, "volume/one-too"));
});
afterEach(() => {
  restoreEnvironment();
  rmSync(folder, { recursive: true, force: true });
});

const stop = new AbortController().signal;
const volume = (): string => join(folder, "volume");
const record = (): VolumeRecord | undefined => readRecords(join(folder, "state")).get("vm-1-pvc-app");
const copyOf = (name: string, week = "2026-22"): string =>
  join(folder, "disk/pvc-data", week, "app/data", name);
const textOf = (name: string, week?: string): string => readFileSync(copyOf(name, week), "utf8");

function runAt(date: string): DailyBackup {
  const run = backupRun(folder, date);
  return { ...run, config: { ...run.config, sqlite: undefined } };
}

function taskNow(): VolumeTask {
  const known = record();
  const snapshot = { uuid: "u", name: "snap", thinId: 7 };
  return {
    ...volumeTask(known),
    snapshot: { volume: snapshot, madeMs: 0 } as unknown as NonNullable<VolumeTask["snapshot"]>,
  };
}

/** Copies the volume, by sizes and times. */
async function night(date: string): Promise<void> {
  const run = runAt(date);
  const wanted = run.config.volumes ? [run.config.volumes.keep] : [];
  await fillVolume(run, taskNow(), volume(), { wanted }, stop);
}

/** Other content of the same size, with the times set back. */
function changeUnseen(path: string): void {
  const { atime, mtime } = lstatSync(path);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("content", "CONTENT"));
  utimesSync(path, atime, mtime);
}

/** Times that a file system call can set exactly. */
function setTimes(): void {
  for (const name of ["one", "two", "three"]) utimesSync(join(folder, "volume", name), 1_000, 1_000);
}

test("a file that changed with its size and times set back is found, copied with all of its names, and told", async () => {
  setTimes();
  await night("2026-05-26T03:00:00Z");
  for (const name of ["one", "two"]) changeUnseen(join(folder, "volume", name));
  await night("2026-05-27T03:00:00Z");
  expect([textOf("one"), textOf("two")]).toEqual(["content of one", "content of two"]);
  const run = runAt("2026-05-28T03:00:00Z");
  await compareContents(run, taskNow(), volume(), stop);
  expect(run.differences).toBe(2);
  expect([textOf("one"), textOf("one-too"), textOf("two")]).toEqual([
    "CONTENT of one",
    "CONTENT of one",
    "CONTENT of two",
  ]);
  expect(lstatSync(copyOf("one")).ino).toBe(lstatSync(copyOf("one-too")).ino);
  expect(record()).toMatchObject({ contentMs: Date.parse("2026-05-28T03:00:00Z"), hasLinks: true });
  const again = runAt("2026-05-29T03:00:00Z");
  await compareContents(again, taskNow(), volume(), stop);
  expect(again.differences).toBe(0);
});

test("a byte that rotted in a copy is mended in this week's, and an earlier week's is left as it is", async () => {
  setTimes();
  await night("2026-05-19T03:00:00Z");
  await night("2026-05-26T03:00:00Z");
  changeUnseen(copyOf("two"));
  const run = runAt("2026-05-27T03:00:00Z");
  await compareContents(run, taskNow(), volume(), stop);
  expect(run.differences).toBe(1);
  expect(textOf("two")).toBe("content of two");
  expect(textOf("two", "2026-21")).toBe("CONTENT of two");
  expect(lstatSync(copyOf("three")).ino).toBe(lstatSync(copyOf("three", "2026-21")).ino);
});

test("files that somebody took from a copy are found, copied anew with all of their names, and told", async () => {
  await night("2026-05-26T03:00:00Z");
  for (const name of ["one", "two"]) rmSync(copyOf(name));
  const run = runAt("2026-05-27T03:00:00Z");
  await compareContents(run, taskNow(), volume(), stop);
  expect(run.differences).toBe(2);
  expect(run.notes.join()).toContain("2 files of app/data are not in their copy, first ");
  expect([textOf("one"), textOf("two")]).toEqual(["content of one", "content of two"]);
  expect(lstatSync(copyOf("one")).ino).toBe(lstatSync(copyOf("one-too")).ino);
  const again = runAt("2026-05-28T03:00:00Z");
  await compareContents(again, taskNow(), volume(), stop);
  expect(again.differences).toBe(0);
});

test("nothing is made anew where nothing differs, and that it was compared is kept", async () => {
  await night("2026-05-26T03:00:00Z");
  expect(record()?.contentMs).toBe(Date.parse("2026-05-26T03:00:00Z"));
  const before = record()?.generations;
  await night("2026-05-27T03:00:00Z");
  expect(record()?.contentMs).toBe(Date.parse("2026-05-26T03:00:00Z"));
  const { generations } = record() ?? {};
  expect(generations).not.toEqual(before);
  await compareContents(runAt("2026-05-28T03:00:00Z"), taskNow(), volume(), stop);
  expect(record()).toMatchObject({ generations, contentMs: Date.parse("2026-05-28T03:00:00Z") });
});

test("most files with other content and their times set back are a collapse, which keeps the copy", async () => {
  for (let index = 0; index < 60; index += 1) writeFileSync(join(folder, "volume", `f${index}`), "content");
  for (let index = 0; index < 60; index += 1) utimesSync(join(folder, "volume", `f${index}`), 1_000, 1_000);
  setTimes();
  await night("2026-05-26T03:00:00Z");
  for (let index = 0; index < 60; index += 1) changeUnseen(join(folder, "volume", `f${index}`));
  const run = runAt("2026-05-27T03:00:00Z");
  await expect(compareContents(run, taskNow(), volume(), stop)).rejects.toThrow(/have another content/);
  expect(textOf("f7")).toBe("content");
});
