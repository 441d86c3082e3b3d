import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa, execaSync } from "execa";
import { compareContents, fillVolume, wantedOf } from "../../host-scripts/daily-backup/copy-volume";
import type { DailyBackup, VolumeTask } from "../../host-scripts/daily-backup/daily-backup";
import { readRecords } from "../../host-scripts/daily-backup/record";
import type { Accepted } from "../../plan/contracts/accepted";
import { backupRun, volumeTask } from "./support/backup-run";
import { rsyncProgram, useRsyncTools } from "./support/rsync-tools";

let folder: string;
let volume: string;
let accepted: Accepted[];
let restoreEnvironment: () => void;

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-volume-");
  volume = join(folder, "volume");
  accepted = [];
  for (const name of ["bin", "disk", "volume"]) mkdirSync(join(folder, name));
  restoreEnvironment = await useRsyncTools(join(folder, "bin"));
});
afterEach(() => {
  restoreEnvironment();
  // Not by Node, which names each file from the root.
  execaSync("rm", ["-rf", folder]);
});

const root = (): string => join(folder, "disk/pvc-data");
const readText = (path: string): string => readFileSync(path, "utf8");
const recordFile = (): string => join(folder, "state/volumes/vm-1-pvc-app.json");

function runOn(day: string): DailyBackup {
  const run = backupRun(folder, `${day}T03:00:00Z`);
  const { volumes } = run.config;
  if (!volumes) throw new Error("the run has no volumes");
  return { ...run, config: { ...run.config, sqlite: undefined, volumes: { ...volumes, accepted } } };
}

/** The volume, with what the nights before recorded of it. */
function taskNow(): VolumeTask {
  const record = readRecords(join(folder, "state")).get("vm-1-pvc-app");
  const snapshot = { volume: { uuid: "u", name: "snap", thinId: 7 }, origin: "vm-1-pvc-app", madeMs: 0 };
  return { ...volumeTask(), record, snapshot: snapshot as unknown as NonNullable<VolumeTask["snapshot"]> };
}

async function night(day: string, run = runOn(day)): Promise<DailyBackup> {
  const wanted = run.config.volumes ? [run.config.volumes.keep] : [];
  await fillVolume(run, taskNow(), volume, { wanted }, new AbortController().signal);
  return run;
}

/** What a night makes of a volume of which the pool says that it didn't change: kinds of generations, and notes. */
function onUnchanged(day: string): { wanted: readonly unknown[] | undefined; notes: readonly string[] } {
  const run = { ...runOn(day), unchanged: new Set(["vm-1-pvc-app"]) };
  return { wanted: wantedOf(run, taskNow()), notes: run.notes };
}

function write(files: number, text: string): void {
  execaSync("rm", ["-rf", volume]);
  mkdirSync(volume);
  for (let index = 0; index < files; index += 1) writeFileSync(join(volume, `f${index}`), `${text} ${index}`);
}

const tooLong = "d".repeat(250);

/** A path that is too long for a program that names it from the root, in folders that are made one by one. */
async function writeTooLong(): Promise<void> {
  const script = `i=0; while [ $i -lt 20 ]; do mkdir -p ${tooLong}; cd ${tooLong}; i=$((i+1)); done; echo deep >file`;
  await execa("sh", ["-c", script], { cwd: volume });
}

const acceptUntil = (until: string): Accepted[] => [
  { path: `app/data/${tooLong}`, reason: "a program's fault", until },
];

test("a claim that was made anew: its empty files don't replace the copy of the volume before, until somebody accepts it", async () => {
  write(3, "x".repeat(1_000));
  await night("2026-05-26");
  rmSync(recordFile());
  write(3, "");
  const refused = runOn("2026-05-27");
  await expect(night("2026-05-27", refused)).rejects.toThrow(
    "its files have 6 bytes, those of its last generation 3006",
  );
  expect(refused.notes.join()).toContain(
    "app/data is another volume than the one that its generations were made of (vm-1-pvc-app now), or this host has lost its records",
  );
  expect(lstatSync(join(root(), "2026-22/app/data/f0")).size).toBe(1_002);
  await night("2026-05-27", { ...runOn("2026-05-27"), accepted: new Set(["app/data"]) });
  expect(lstatSync(join(root(), "2026-22/app/data/f0")).size).toBe(2);
});

test("a claim whose volume is another one with the like of what the one before had is copied, and told once", async () => {
  write(3, "some text");
  expect((await night("2026-05-26")).notes).toEqual([]);
  rmSync(recordFile());
  write(4, "other text");
  expect((await night("2026-05-27")).notes).toEqual([expect.stringContaining("is another volume")]);
  expect((await night("2026-05-28")).notes).toEqual([]);
  expect(readdirSync(join(root(), "2026-22/app/data"))).toHaveLength(4);
});

test("an entry that was accepted counts again after its day, also while the volume is unchanged", async () => {
  accepted = acceptUntil("2026-05-28");
  write(3, "text");
  await writeTooLong();
  await night("2026-05-26");
  expect(onUnchanged("2026-05-28")).toEqual({
    wanted: undefined,
    notes: [expect.stringContaining("accepted until 2026-05-28")],
  });
  expect(onUnchanged("2026-05-29").wanted).toHaveLength(1);
  await expect(night("2026-05-29")).rejects.toThrow(/1 of its entries can't be read/);
  // The same where the estate no longer names it.
  accepted = acceptUntil("2026-06-28");
  await night("2026-05-30");
  accepted = [];
  expect(onUnchanged("2026-05-30").wanted).toHaveLength(1);
});

test("an accepted entry is passed over when contents are compared, and all else is compared", async () => {
  accepted = acceptUntil("2026-05-28");
  write(3, "text");
  await writeTooLong();
  await night("2026-05-26");
  const compared = async (day: string): Promise<DailyBackup> => {
    const run = runOn(day);
    await compareContents(run, taskNow(), volume, new AbortController().signal);
    return run;
  };
  const { mtime } = lstatSync(join(volume, "f1"));
  writeFileSync(join(volume, "f1"), "TEXT 1");
  utimesSync(join(volume, "f1"), mtime, mtime);
  execaSync("touch", ["--reference", join(volume, "f1"), join(root(), "2026-22/app/data/f1")]);
  expect((await compared("2026-05-28")).notes.join()).toContain("accepted until 2026-05-28");
  expect(readText(join(root(), "2026-22/app/data/f1"))).toBe("TEXT 1");
  await expect(compared("2026-05-29")).rejects.toThrow("not all of its entries can be read");
});

test("a record that doesn't say what its success stood on is not relied on", async () => {
  write(3, "text");
  await night("2026-05-26");
  expect(onUnchanged("2026-05-27").wanted).toBeUndefined();
  const { accepted: none, ...before } = JSON.parse(readText(recordFile())) as Record<string, unknown>;
  expect(none).toEqual([]);
  writeFileSync(recordFile(), JSON.stringify(before));
  expect(onUnchanged("2026-05-27").wanted).toHaveLength(1);
});

test("databases that an earlier version called good are copied anew, also while the volume is unchanged", async () => {
  write(3, "text");
  await night("2026-05-26");
  const run = { ...backupRun(folder, "2026-05-27T03:00:00Z"), unchanged: new Set(["vm-1-pvc-app"]) };
  const record = JSON.parse(readText(recordFile())) as Record<string, unknown>;
  const wantedWith = (known: Record<string, unknown>): unknown => {
    writeFileSync(recordFile(), JSON.stringify({ ...record, ...known }));
    return wantedOf(run, taskNow());
  };
  expect(wantedWith({ hasDatabases: false })).toBeUndefined();
  expect(wantedWith({ hasDatabases: true, goodCopies: "1-2" })).toBeUndefined();
  expect(wantedWith({ hasDatabases: true, copies: "1-2" })).toEqual([]);
  expect(wantedWith({})).toEqual([]);
});

test("a volume that has had one bad entry from its first night on shares what is the same, and becomes complete once it can", async () => {
  write(3, "text");
  await writeTooLong();
  const incomplete = (week: string): string => join(root(), ".incomplete", week, "app/data");
  await expect(night("2026-05-26")).rejects.toThrow(/can't be read/);
  const { ino } = lstatSync(join(incomplete("2026-22"), "f0"));
  writeFileSync(join(volume, "f1"), "later");
  for (const [day, week] of [
    ["2026-05-27", "2026-22"],
    ["2026-06-02", "2026-23"],
  ] as const) {
    await expect(night(day)).rejects.toThrow(/can't be read/);
    expect(lstatSync(join(incomplete(week), "f0")).ino).toBe(ino);
    expect(readText(join(incomplete(week), "f1"))).toBe("later");
    expect(existsSync(join(root(), week))).toBe(false);
  }
  expect(existsSync(incomplete("2026-22"))).toBe(false);
  // Nothing that it was made of counts as done with.
  expect(taskNow().record).toMatchObject({ successMs: 0, generations: [], base: { uuid: "" } });
  execaSync("rm", ["-rf", join(volume, tooLong)]);
  await night("2026-06-03");
  expect(lstatSync(join(root(), "2026-23/app/data/f0")).ino).toBe(ino);
  expect(readdirSync(join(root(), "2026-23/app/data")).sort()).toEqual(["f0", "f1", "f2"]);
  expect(existsSync(join(root(), ".incomplete"))).toBe(false);
});

test("an accepted file that can't be read is no difference that the pool has kept to itself", async () => {
  accepted = [{ path: "app/data/f1", reason: "a bad sector", until: "2026-06-30" }];
  write(3, "text");
  const real = (await execa("sh", ["-c", "command -v rsync"])).stdout;
  const said = `rsync: [sender] read errors mapping "${volume}/f1": Input/output error (5)`;
  // rsync lists the file, and then can't read it.
  const script = `#!/bin/sh\n${real} "$@"; case "$*" in *--dry-run*) exit 0 ;; esac\necho '${said}' >&2; exit 23\n`;
  mkdirSync(join(folder, "shadow"));
  writeFileSync(join(folder, "shadow/rsync"), script, { mode: 0o755 });
  const path = process.env["PATH"];
  process.env["PATH"] = `${join(folder, "shadow")}:${path}`;
  try {
    await night("2026-05-26");
    const run = runOn("2026-06-02");
    const wanted = run.config.volumes ? [run.config.volumes.keep] : [];
    const unchanged = { wanted, isUnchanged: true };
    await fillVolume(run, taskNow(), volume, unchanged, new AbortController().signal);
    expect(run.distrust).toEqual([]);
    expect(readdirSync(join(root(), "2026-23/app/data")).sort()).toEqual(["f0", "f2"]);
  } finally {
    process.env["PATH"] = path;
  }
});

describe("an encrypted volume of which an entry can't be read replaces", () => {
  const kept = (path: string): string => readText(join(root(), path, "app/data/f0"));

  test("no complete generation, where the entry is accepted", async () => {
    accepted = acceptUntil("2026-12-31");
    write(60, "good");
    await writeTooLong();
    await night("2026-05-26");
    write(60, "encrypted");
    await writeTooLong();
    await expect(night("2026-05-27")).rejects.toThrow(
      "61 of the 61 files of its last generation are gone or have another content",
    );
    expect(kept("2026-22")).toBe("good 0");
  });

  test("not the only copy, where there is no complete generation yet", async () => {
    write(60, "good");
    await writeTooLong();
    await expect(night("2026-05-26")).rejects.toThrow(/can't be read/);
    write(60, "encrypted");
    await writeTooLong();
    await expect(night("2026-05-27")).rejects.toThrow(
      "61 of the 61 files of its last generation are gone or have another content",
    );
    await expect(night("2026-06-02")).rejects.toThrow(
      "61 of the 61 files of its last generation are gone or have another content",
    );
    expect(kept(".incomplete/2026-22")).toBe("good 0");
    // Nothing of it counts as good, and the incomplete one of a volume that somebody answered for is made anew.
    const answered = { ...runOn("2026-06-02"), accepted: new Set(["app/data"]) };
    await expect(night("2026-06-02", answered)).rejects.toThrow(/can't be read/);
    expect(kept(".incomplete/2026-23")).toBe("encrypted 0");
  });

  test.each([
    ["can't be read still", true],
    ["is gone", false],
  ])(
    "not a newer incomplete copy, where the last complete one has little: the entry %s",
    async (_, still) => {
      write(3, "good");
      await night("2026-05-26");
      write(60, "good");
      await writeTooLong();
      await expect(night("2026-05-27")).rejects.toThrow(/can't be read/);
      write(60, "encrypted");
      if (still) await writeTooLong();
      await expect(night("2026-05-28")).rejects.toThrow(
        "61 of the 61 files of its incomplete generation are gone or have another content",
      );
      expect(kept(".incomplete/2026-22")).toBe("good 0");
      expect(readdirSync(join(root(), "2026-22/app/data"))).toHaveLength(3);
    },
  );
});

test("what can be read again is no lie of the pool's; a change that it didn't tell is", async () => {
  accepted = [{ path: "app/data/f1", reason: "a bad sector", until: "2026-05-26" }];
  write(3, "text");
  const said = `rsync: [sender] read errors mapping "${volume}/f1": Input/output error (5)`;
  const script = `#!/bin/sh\n${await rsyncProgram()} --exclude=/f1 "$@"; echo '${said}' >&2; exit 23\n`;
  writeFileSync(join(folder, "bin/rsync"), script, { mode: 0o755 });
  await night("2026-05-26");
  rmSync(join(folder, "bin/rsync"));
  const onUnchangedBlocks = async (day: string): Promise<readonly string[]> => {
    const run = { ...runOn(day), unchanged: new Set(["vm-1-pvc-app"]) };
    const wanted = wantedOf(run, taskNow()) ?? [];
    await fillVolume(run, taskNow(), volume, { wanted, isUnchanged: true }, new AbortController().signal);
    return run.distrust;
  };
  expect(await onUnchangedBlocks("2026-05-27")).toEqual([]);
  expect(readText(join(root(), "2026-22/app/data/f1"))).toBe("text 1");
  writeFileSync(join(volume, "f1"), "other");
  expect(await onUnchangedBlocks("2026-06-02")).toEqual(["vm-1-pvc-app"]);
});
