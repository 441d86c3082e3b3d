import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { passOver } from "./pass";
import { catalogueFiles, catalogueFolder } from "./paths";
import { rottenShelf } from "./rotten";
import { scrubConfig, scrubRun } from "./run.test-support";
import type { UnitState } from "./state";
import { readSums } from "./sums";

const unit = { name: "unit", paths: ["unit"] };
let folder: string;
let config: BackupScrubConfig;
const own: UnitState = { firstSeenMs: 1 };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-pass-"));
  config = scrubConfig(folder);
  mkdirSync(catalogueFolder(config), { recursive: true });
  for (const name of ["unit", "elsewhere"]) mkdirSync(join(config.target.path, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(config.target.path, name);

/** Content of one length, with times that don't tell. */
function write(name: string, content: string): void {
  writeFileSync(at(name), content);
  utimesSync(at(name), 1_700_000_000, 1_700_000_000);
}

async function pass(startedMs: number): Promise<void> {
  const state = { units: { unit: own } };
  const run = { ...scrubRun(config), startedAt: new Date(startedMs), units: [unit], state };
  expect(await passOver(run, unit, { spend: () => true, isLate: () => false })).toBe(true);
}

test("what is moved while its names are listed, and so is in no list, keeps its checksum until the next pass, and no longer", async () => {
  for (const name of ["unit/one", "unit/two"]) write(name, `the ${name}`);
  await pass(1000);
  renameSync(at("unit/one"), at("elsewhere/one"));
  await pass(2000);
  renameSync(at("elsewhere/one"), at("unit/one"));
  write("unit/one", "bad unit/one");
  await pass(3000);
  expect(rottenShelf.all(config)).toEqual([expect.objectContaining({ names: ["unit/one"] })]);
  rmSync(at("unit/one"));
  for (const night of [4000, 5000]) await pass(night);
  const { sums, id } = catalogueFiles(config, "unit");
  expect([...readSums(sums, id, { count: 0 })]).toHaveLength(1);
});
