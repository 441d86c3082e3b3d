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
import { makeGeneration, type MadeGeneration } from "../../host-scripts/daily-backup/make-generation";
import {
  generationIn,
  newestGeneration,
  periodsOf,
  recoverGenerations,
} from "../../host-scripts/runtime/generations";
import { backupRun, volumeTask } from "./support/backup-run";
import { useRsyncTools } from "./support/rsync-tools";

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
  rmSync(folder, { recursive: true, force: true });
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
  rmSync(volume, { recursive: true });
  mkdirSync(volume);
  for (let index = 0; index < files; index += 1) writeFileSync(join(volume, `f${index}`), `${text} ${index}`);
}

test.each([
  ["all of its files", [3, "content"], [0, ""], /it holds 0 files, its last generation 3/],
  ["most of its files", [50, "content"], [9, "content"], /it holds 9 files, its last generation 50/],
  ["most of its bytes", [3, "x".repeat(1_000)], [3, "x"], /have 9 bytes, those of its last generation 3006/],
  ["the content of its files", [60, "plain"], [60, "encrypted"], /60 of its 60 files have another content/],
] as const)(
  "a volume that lost %s keeps its generation, until somebody accepts it",
  async (_, had, has, words) => {
    write(had[0], had[1]);
    const before = await night("2026-05-26T03:00:00Z");
    const kept = filesIn("2026-22");
    write(has[0], has[1]);
    await expect(night("2026-05-27T03:00:00Z", before)).rejects.toMatchObject({
      reason: expect.stringMatching(words) as string,
      next: expect.stringContaining("daily-backup --accept app/data") as string,
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
  write(20, "some text");
  const smaller = await night("2026-05-27T03:00:00Z", before);
  write(200, "other text");
  await night("2026-05-28T03:00:00Z", smaller);
  expect(filesIn("2026-22")).toHaveLength(200);
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
