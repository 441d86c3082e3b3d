import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa, execaSync } from "execa";
import type { DailyBackup } from "../../host-scripts/daily-backup/daily-backup";
import { makeGeneration, type MadeGeneration } from "../../host-scripts/daily-backup/make-generation";
import {
  generationIn,
  newestGeneration,
  periodsOf,
  recoverGenerations,
} from "../../host-scripts/runtime/generations";
import { openSegment } from "../../host-scripts/runtime/journal";
import { backupRun, volumeTask } from "./support/backup-run";
import { rsyncProgram, useRsyncTools } from "./support/rsync-tools";

let folder: string;
let volume: string;
let restoreEnvironment: () => void;

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-generation-");
  volume = join(folder, "volume");
  for (const name of ["bin", "disk", "volume"]) mkdirSync(join(folder, name));
  restoreEnvironment = await useRsyncTools(join(folder, "bin"));
});
afterEach(() => {
  restoreEnvironment();
  // Not by Node, which names each file from the root.
  execaSync("rm", ["-rf", folder]);
});

const root = (): string => join(folder, "disk/pvc-data");
const filesIn = (week: string): string[] => readdirSync(join(root(), week, "app/data")).sort();

/** One night's generation, with what the record knows of the one before. */
async function night(
  date: string,
  before?: MadeGeneration,
  run = backupRun(folder, date),
): Promise<MadeGeneration> {
  const task = volumeTask(before && { holds: before.holds });
  const base = newestGeneration(root(), task.path, "week");
  return makeGeneration(run, task, volume, { every: "week" }, base, new AbortController().signal);
}

function write(files: number, text = "content"): void {
  execaSync("rm", ["-rf", volume]);
  mkdirSync(volume);
  for (let index = 0; index < files; index += 1) writeFileSync(join(volume, `f${index}`), `${text} ${index}`);
}

test.each([
  ["all of its files", [3, "content"], [0, ""], /it holds 0 files, its last generation 3/],
  ["most of its files", [50, "content"], [9, "content"], /it holds 9 files, its last generation 50/],
  ["most of its bytes", [3, "x".repeat(1_000)], [3, "x"], /have 9 bytes, those of its last generation 3006/],
  [
    "the content of its files",
    [60, "plain"],
    [60, "encrypted"],
    /60 of the 60 files of its last generation are gone or have another content/,
  ],
] as const)(
  "a volume that lost %s keeps its generation, until somebody accepts it",
  async (_, had, has, words) => {
    write(had[0], had[1]);
    const before = await night("2026-05-26T03:00:00Z");
    const kept = filesIn("2026-22");
    write(has[0], has[1]);
    await expect(night("2026-05-27T03:00:00Z", before)).rejects.toMatchObject({
      reason: expect.stringMatching(words) as string,
      next: expect.stringMatching(
        /^ls -la \S+\/pvc-data\/2026-22\/app\/data {3}\(.* unshare .* daily-backup --accept=app\/data\)$/,
      ) as string,
    });
    // Also when a new week begins: the next ones would push out the last good one.
    await expect(night("2026-06-02T03:00:00Z", before)).rejects.toThrow(words);
    expect(periodsOf(root(), "week")).toEqual(["2026-22"]);
    expect(filesIn("2026-22")).toEqual(kept);
    const run = backupRun(folder, "2026-05-27T03:00:00Z", { accepted: new Set(["app/data"]) });
    await night("2026-05-27T03:00:00Z", before, run);
    expect(filesIn("2026-22")).toHaveLength(has[0]);
    expect(run.notes.join()).toMatch(words);
  },
);

test("a collapse is seen by the files alone where no record is left", async () => {
  write(3);
  await night("2026-05-26T03:00:00Z");
  write(0);
  await expect(night("2026-05-27T03:00:00Z")).rejects.toThrow(/its last generation 3/);
});

test("a volume that shrinks, grows and changes as volumes do is no collapse", async () => {
  write(60, "some text");
  const before = await night("2026-05-26T03:00:00Z");
  for (let index = 20; index < 60; index += 1) rmSync(join(volume, `f${index}`));
  for (let index = 0; index < 10; index += 1) writeFileSync(join(volume, `f${index}`), "changed");
  const smaller = await night("2026-05-27T03:00:00Z", before);
  write(200, "other text");
  await night("2026-05-28T03:00:00Z", smaller);
  expect(filesIn("2026-22")).toHaveLength(200);
});

test("a volume that grew tenfold is no collapse: what it had is there", async () => {
  write(60);
  const before = await night("2026-05-26T03:00:00Z");
  for (let index = 60; index < 660; index += 1) writeFileSync(join(volume, `f${index}`), "new");
  await night("2026-05-27T03:00:00Z", before);
  expect(filesIn("2026-22")).toHaveLength(660);
});

test("new files beside encrypted ones don't hide them", async () => {
  write(60, "plain");
  const before = await night("2026-05-26T03:00:00Z");
  write(660, "encrypted");
  await expect(night("2026-05-27T03:00:00Z", before)).rejects.toThrow(
    "60 of the 60 files of its last generation are gone or have another content",
  );
  expect(filesIn("2026-22")).toHaveLength(60);
});

test("a clock that is days back changes no generation of an earlier week", async () => {
  write(3);
  const lastWeek = await night("2026-05-26T03:00:00Z");
  await night("2026-06-02T03:00:00Z", lastWeek);
  write(3, "later");
  await expect(night("2026-05-27T03:00:00Z", lastWeek)).rejects.toMatchObject({
    failed: expect.stringContaining("the clock went back") as string,
    kept: "Both are as they were.",
  });
  expect(generationIn(root(), "2026-22", "app/data")?.identity).toBe(lastWeek.generation.identity);
  expect(readFileSync(join(root(), "2026-22/app/data/f0"), "utf8")).toBe("content 0");
});

test("a first copy that takes longer than its budget goes on where it was stopped", async () => {
  write(3);
  const reached = join(folder, "reached");
  const script = `#!/bin/sh
for into; do :; done
cp -a f0 "$into"; touch ${reached}; exec sleep 60
`;
  writeFileSync(join(folder, "bin/rsync"), script, { mode: 0o755 });
  const budget = new AbortController();
  const run = backupRun(folder, "2026-05-26T03:00:00Z");
  const first = makeGeneration(run, volumeTask(), volume, { every: "week" }, undefined, budget.signal);
  const end = expect(first).rejects.toThrow();
  while (!existsSync(reached)) await sleep(5);
  budget.abort(new Error("its budget is used up"));
  await end;
  rmSync(join(folder, "bin/rsync"));
  recoverGenerations(root());
  const [part = ""] = readdirSync(join(root(), ".part"));
  const { ino } = lstatSync(join(root(), ".part", part, "f0"));
  await night("2026-05-27T03:00:00Z");
  expect(filesIn("2026-22")).toEqual(["f0", "f1", "f2"]);
  expect(lstatSync(join(root(), "2026-22/app/data/f0")).ino).toBe(ino);
});

/** A path that is too long for a program that names it from the root, in folders that are made one by one. */
async function writeTooLong(): Promise<void> {
  const name = "d".repeat(250);
  const script = `i=0; while [ $i -lt 20 ]; do mkdir -p ${name}; cd ${name}; i=$((i+1)); done; echo deep >file`;
  await execa("sh", ["-c", script], { cwd: volume });
}

const incomplete = (path: string): string => join(root(), ".incomplete", path);

test("one entry that can't be copied: all others are, apart, and the complete generation stays", async () => {
  write(3);
  const before = await night("2026-05-26T03:00:00Z");
  write(4);
  await writeTooLong();
  const run = backupRun(folder, "2026-05-27T03:00:00Z");
  const named: string[] = [];
  run.segment = {
    ...openSegment(join(folder, "journal"), "reconcile"),
    add: path => named.push(String(path)),
  };
  await expect(night("2026-05-27T03:00:00Z", before, run)).rejects.toMatchObject({
    reason: expect.stringMatching(/1 of its entries can't be read, first "d{50}/) as string,
  });
  // An earlier list at the destination would say of what is sent that it lacks something else.
  const apart = "pvc-data/.incomplete/2026-22/app/data";
  expect(named).toEqual([`${apart}.lacks.json`, apart]);
  expect(filesIn("2026-22")).toEqual(["f0", "f1", "f2"]);
  const found = readdirSync(incomplete("2026-22/app/data"));
  expect(found).toEqual(expect.arrayContaining(["f0", "f1", "f2", "f3"]));
  expect(readFileSync(incomplete("2026-22/app/data.lacks.json"), "utf8")).toContain("overflows max-path");

  // The next week's takes the place of this one's, and is no complete one either.
  await expect(night("2026-06-02T03:00:00Z", before)).rejects.toThrow();
  expect(readdirSync(incomplete("")).sort()).toEqual(["2026-23"]);
  expect(periodsOf(root(), "week")).toEqual(["2026-22"]);

  write(4);
  await night("2026-06-03T03:00:00Z", before);
  expect(filesIn("2026-23")).toHaveLength(4);
  expect(existsSync(incomplete(""))).toBe(false);
});

test("an entry that the estate accepts makes no generation incomplete, until its day is over", async () => {
  write(3);
  await writeTooLong();
  const accepted = [
    { path: `app/data/${"d".repeat(250)}`, reason: "a program's fault", until: "2026-05-30" },
  ];
  const accepting = (date: string): DailyBackup => {
    const run = backupRun(folder, date);
    const { volumes } = run.config;
    if (!volumes) throw new Error("the run has no volumes");
    return { ...run, config: { ...run.config, volumes: { ...volumes, accepted } } };
  };
  const run = accepting("2026-05-26T03:00:00Z");
  await night("2026-05-26T03:00:00Z", undefined, run);
  expect(filesIn("2026-22")).toEqual(expect.arrayContaining(["f0", "f1", "f2"]));
  expect(run.notes.join()).toContain("accepted until 2026-05-30 (a program's fault)");
  await expect(night("", undefined, accepting("2026-05-31T03:00:00Z"))).rejects.toThrow(/can't be read/);
});

test("a file that can't be read any more is left out: what an earlier generation has of it doesn't pass as today's", async () => {
  write(3);
  const before = await night("2026-05-26T03:00:00Z");
  write(3, "later");
  const real = await rsyncProgram();
  const said = `rsync: [sender] read errors mapping "${volume}/f1": Input/output error (5)`;
  const script = `#!/bin/sh
case "$*" in *--dry-run*) exec ${real} "$@" ;; esac
${real} --exclude=/f1 "$@"; echo '${said}' >&2; exit 23
`;
  writeFileSync(join(folder, "bin/rsync"), script, { mode: 0o755 });
  await expect(night("2026-05-27T03:00:00Z", before)).rejects.toThrow(/first "f1"/);
  expect(readdirSync(incomplete("2026-22/app/data")).sort()).toEqual(["f0", "f2"]);
});

test("however many entries of a folder that is accepted can't be read, all else is copied, and none passes as today's", async () => {
  const cache = (index: number): string => join(volume, `cache/f${index}`);
  const files = 1_100;
  write(3);
  mkdirSync(join(volume, "cache"));
  for (let index = 0; index < files; index += 1) writeFileSync(cache(index), `${index}`);
  writeFileSync(join(volume, "cache/same"), "the same");
  const before = await night("2026-05-26T03:00:00Z");
  for (let index = 0; index < files; index += 1) writeFileSync(cache(index), `another ${index}`);
  writeFileSync(join(volume, "f1"), "later");
  const real = await rsyncProgram();
  const script = `#!/bin/sh
case "$*" in *--dry-run*) exec ${real} "$@" ;; esac
${real} --exclude=/cache/f* "$@"
for i in $(seq 0 ${files - 1}); do echo "rsync: [sender] read errors mapping \\"${volume}/cache/f$i\\": Input/output error (5)"; done >&2; exit 23
`;
  writeFileSync(join(folder, "bin/rsync"), script, { mode: 0o755 });
  // The rsync of this test doesn't count them.
  const run = backupRun(folder, "2026-05-27T03:00:00Z", { accepted: new Set(["app/data"]) });
  const accepted = [{ path: "app/data/cache", reason: "nobody misses it", until: "2099-01-01" }];
  run.config.volumes?.accepted.push(...accepted);
  await night("", before, run);
  expect(run.notes.join()).toContain("accepted until 2099-01-01");
  expect(filesIn("2026-22")).toEqual(["cache", "f0", "f1", "f2"]);
  expect(readFileSync(join(root(), "2026-22/app/data/f1"), "utf8")).toBe("later");
  expect(readdirSync(join(root(), "2026-22/app/data/cache"))).toEqual(["same"]);
});

test("tells how far it is within a volume", async () => {
  write(3, "x".repeat(10));
  const lines: string[] = [];
  const run = backupRun(folder, "2026-05-26T03:00:00Z");
  const log = { ...run.log, progress: (line: string): void => void lines.push(line) };
  await night("2026-05-26T03:00:00Z", undefined, { ...run, log });
  expect(lines.at(-1)).toBe("volumes: app/data, file 3, 36 bytes with it");
});
