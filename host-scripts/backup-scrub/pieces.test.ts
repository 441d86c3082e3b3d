import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import type { Scrub } from "./backup-scrub";
import { passOver } from "./pass";
import { catalogueFolder } from "./paths";
import { repair } from "./repair";
import { rottenShelf } from "./rotten";
import { scrubConfig, scrubRun } from "./run.test-support";
import type { UnitState } from "./state";

const mebibyte = 2 ** 20;
const unit = { name: "unit", paths: ["unit"] };
let folder: string;
let config: BackupScrubConfig;
let own: UnitState;
/** Two pieces: one of 64 MiB, and a short one. */
const image = (): string => join(config.target.path, "unit/image");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-pieces-"));
  config = scrubConfig(folder);
  mkdirSync(catalogueFolder(config), { recursive: true });
  mkdirSync(join(config.target.path, "unit"), { recursive: true });
  writeFileSync(image(), "the beginning");
  truncateSync(image(), 66 * mebibyte);
  utimesSync(image(), 1_700_000_000, 1_700_000_000);
  own = { firstSeenMs: 1 };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runAt(startedMs: number): Scrub {
  const state = { units: { unit: own } };
  return { ...scrubRun(config), startedAt: new Date(startedMs), units: [unit], state };
}

/** One run, that has time for no more than one file or piece. @returns what it read, and whether the unit is through */
async function pass(startedMs: number, isLate = false) {
  const run = runAt(startedMs);
  const isWhole = await passOver(run, unit, { spend: () => false, isLate: () => isLate });
  return { isWhole, bytes: run.read.bytes, faults: run.faults };
}

const piecesKept = (): string[] =>
  readdirSync(catalogueFolder(config)).filter(name => name.includes("pieces"));

/** Writes a byte of the second piece, and its file has the times that it had. */
function writeByte(byte: number): void {
  writeAt(image(), 65 * mebibyte, byte);
  utimesSync(image(), 1_700_000_000, 1_700_000_000);
}

function writeAt(path: string, position: number, byte: number): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.from([byte]), 0, 1, position);
  closeSync(file);
}

test("a file for which no run has the time is read over several, and what rots in it is found", async () => {
  expect(await pass(1000, true)).toMatchObject({ isWhole: false, bytes: 0 });
  const nights = [await pass(2000), await pass(3000)];
  expect(nights.map(({ isWhole, bytes }) => [isWhole, bytes / mebibyte])).toEqual([
    [false, 64],
    [false, 2],
  ]);
  expect(own.verifiedMs).toBeUndefined();
  expect(await pass(4000)).toMatchObject({ isWhole: true, bytes: 0 });
  expect(own.verifiedMs).toBe(1000);

  const [sums = ""] = piecesKept();
  writeAt(join(catalogueFolder(config), sums), 40, 1);
  writeByte(1);
  expect((await pass(5000)).faults).toEqual([expect.stringContaining("was damaged (1 pieces)")]);
  for (const night of [6000, 7000]) await pass(night);
  const [rotten] = rottenShelf.all(config);
  expect(rotten).toMatchObject({
    names: ["unit/image"],
    part: { from: 64 * mebibyte, to: 66 * mebibyte },
  });
  const run = runAt(8000);
  await repair.run(run);
  expect(run.left).toHaveLength(1);
  writeByte(0);
  await repair.run(run);
  expect(run.left).toEqual([]);

  rmSync(image());
  for (const night of [9000, 10_000]) await pass(night);
  expect(piecesKept()).toEqual([]);
});

test("a file that is written to between two nights is read from its beginning", async () => {
  await pass(1000, true);
  await pass(2000);
  utimesSync(image(), 1_700_000_001, 1_700_000_001);
  for (const night of [3000, 4000]) expect(await pass(night)).toMatchObject({ isWhole: false });
  expect(await pass(5000)).toMatchObject({ isWhole: true });
  expect(rottenShelf.all(config)).toEqual([]);
});

test("it takes no more than half of a run's time, and a piece of it", async () => {
  await pass(1000, true);
  config = { ...config, budgetMs: 0 };
  const run = runAt(2000);
  const isWhole = await passOver(run, unit, { spend: () => true, isLate: () => false });
  expect({ isWhole, bytes: run.read.bytes }).toEqual({ isWhole: false, bytes: 64 * mebibyte });
});
