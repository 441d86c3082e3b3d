import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { makeDiskImage } from "./support/disk-image";
import { type MountNamespace, mountNamespace } from "./support/namespace";
import { rsyncTools } from "./support/rsync-tools";
import { bundleProgram } from "./support/sqlite-world";

let folder: string;
let volume: string;
let namespace: MountNamespace;

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-seconds-");
  volume = join(folder, "volume");
  for (const name of ["bin", "disk", "volume"]) mkdirSync(join(folder, name));
  await makeDiskImage(join(folder, "disk.img"), 32, ["-I", "128"]);
  namespace = await mountNamespace();
  await namespace.run("mount", "-o", "loop", join(folder, "disk.img"), join(folder, "disk"));
  await bundleProgram(program, join(folder, "night.cjs"));
});
afterEach(async () => {
  await namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As a program of its own, which sees the disk. */
const program = `
import { compareContents, fillVolume } from "./host-scripts/daily-backup/copy-volume";
import { readRecords } from "./host-scripts/daily-backup/record";
import { backupRun, volumeTask } from "./test/runners/support/backup-run";
const { folder, day, isUnchanged, byContent } = JSON.parse(process.argv[2]);
const made = backupRun(folder, day + "T03:00:00Z");
const run = { ...made, config: { ...made.config, sqlite: undefined } };
const record = readRecords(run.config.stateDir).get("vm-1-pvc-app");
const snapshot = { volume: { uuid: "u", name: "snap", thinId: 7 }, origin: "vm-1-pvc-app", madeMs: 0 };
const task = { ...volumeTask(), record, snapshot };
const stop = new AbortController().signal;
const wanted = [run.config.volumes.keep];
const done = byContent
  ? compareContents(run, task, folder + "/volume", stop)
  : fillVolume(run, task, folder + "/volume", { wanted, isUnchanged }, stop);
done
  .then(() => "done", error => error.message)
  .then(end => console.log("\\n" + JSON.stringify({ end, distrust: run.distrust })));
`;

interface Night {
  readonly end: string;
  readonly distrust: readonly string[];
}

async function night(day: string, how: { isUnchanged?: true; byContent?: true } = {}): Promise<Night> {
  const variables = Object.entries(await rsyncTools(join(folder, "bin"))).map(pair => pair.join("="));
  const argv = ["env", ...variables, process.execPath, join(folder, "night.cjs")] as const;
  const said = await namespace.run(...argv, JSON.stringify({ folder, day, ...how }));
  return JSON.parse(said.trim().split("\n").at(-1) ?? "") as Night;
}

/** Files whose times have a part of a second. */
function write(): void {
  for (let index = 0; index < 60; index += 1) writeFileSync(join(volume, `f${index}`), `good ${index}`);
  execaSync("sh", ["-c", "touch -d 2026-05-20T10:00:00.25 f*"], { cwd: volume });
}

const good = { end: "done", distrust: [] };
const refused = {
  end: expect.stringContaining(
    "60 of the 60 files of its last generation are gone or have another content",
  ) as string,
};

test("files whose copies lack a part of a second aren't others, and the pool isn't said to have lied", async () => {
  write();
  expect(await night("2026-05-26")).toEqual(good);
  writeFileSync(join(volume, "f0"), "one edit");
  expect(await night("2026-05-27")).toEqual(good);
  expect(await night("2026-06-02", { isUnchanged: true })).toEqual(good);
  const copy = join(folder, "disk/pvc-data/2026-23/app/data/f0");
  expect(await namespace.run("cat", copy)).toBe("one edit");
});

test("files that were encrypted are others, also with their times set back", async () => {
  write();
  expect(await night("2026-05-26")).toEqual(good);
  const script = `for f in f*; do touch -r $f ../stamp; tr a-z A-Z <$f >../text; cat ../text >$f; touch -r ../stamp $f; done`;
  execaSync("sh", ["-c", script], { cwd: volume });
  expect(await night("2026-05-27", { byContent: true })).toMatchObject(refused);
  execaSync("sh", ["-c", "touch -d 2026-05-27 f*"], { cwd: volume });
  expect(await night("2026-05-27")).toMatchObject(refused);
});
