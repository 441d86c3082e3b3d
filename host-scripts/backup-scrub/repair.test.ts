import { closeSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { identityOf, openRegular, type OpenFile } from "./content";
import { mend } from "./mend";
import { onDisk } from "./paths";
import { repair } from "./repair";
import { inodeOf, rottenShelf } from "./rotten";
import { scrubConfig, scrubRun } from "./run.test-support";

let folder: string;
/** Of runs whose time is up as they begin. */
let config: BackupScrubConfig;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-repair-"));
  for (const name of ["disk", "state"]) mkdirSync(join(folder, name));
  config = { ...scrubConfig(folder), budgetMs: 0 };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** More than what is read between two looks at the clock. */
function large(name: string): OpenFile {
  const path = join(config.target.path, name);
  writeFileSync(path, "");
  truncateSync(path, 17 * 2 ** 20);
  const file = openRegular(onDisk(config, name));
  if (!file) throw new Error(`no file ${name}`);
  return file;
}

const rottenOf = (name: string, file: OpenFile) => ({
  ...inodeOf("unit", identityOf(file)),
  ...{ sha256: "0".repeat(64), found: "other bytes", names: [name], foundAt: new Date().toISOString() },
});

test("a rotten file that there is no time to read again stays known, and the run goes on", async () => {
  const file = large("image");
  rottenShelf.keep(config, rottenOf("image", file));
  closeSync(file.fd);
  const run = scrubRun(config);
  await repair.run(run);
  expect(run.notes).toContain('no time was left to look again at "image" of "unit"');
  expect(run.left).toHaveLength(1);
  expect(rottenShelf.all(config)).toHaveLength(1);
});

test("a file that there is no time to mend is left as it is", async () => {
  const [file, copy] = [large("image"), large("copy")];
  const before = statSync(join(config.target.path, "image"));
  const mending = mend(scrubRun(config), rottenOf("image", file), copy);
  await expect(mending).rejects.toThrow("a run hasn't the time that its copy takes");
  expect(statSync(join(config.target.path, "image"))).toEqual(before);
  for (const { fd } of [file, copy]) closeSync(fd);
});
