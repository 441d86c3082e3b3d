import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { versionsAnswer } from "../../plan/contracts/versions";
import { periodOf } from "../../plan/contracts/period";
import { runnerOf } from "../../stacks/runner";
import { makeDiskImage } from "./support/disk-image";
import { createFirewallWorld, type FirewallWorld } from "./support/firewall-world";
import { noonZone } from "./support/noon";
import { useRsyncTools } from "./support/rsync-tools";
import type { FinishedRun } from "./support/started-run";

// What `pfsense-backup list`, `verify` and `restore` do with generations that the runner itself has made.

let world: FirewallWorld;
let undo: () => void;
const week = periodOf(Date.now(), "week", noonZone);
const older = "2020-04";
const olderAt = "2020-01-25T03:00:00Z";

const backup = (...words: readonly string[]): Promise<FinishedRun> => world.start(words).finished;
const generation = (period: string): string => join(world.generations, period);
const into = (): string => join(world.folder, "restored");

beforeAll(async () => {
  world = await createFirewallWorld();
  undo = await useRsyncTools(join(world.folder, "bin"));
  expect(await backup()).toMatchObject({ status: 0 });
  cpSync(generation(week), join(world.folder, "good"), { recursive: true, preserveTimestamps: true });
});
afterAll(async () => {
  undo();
  await world.close();
});

beforeEach(() => {
  rmSync(world.generations, { recursive: true, force: true });
  rmSync(into(), { recursive: true, force: true });
  for (const period of [older, week])
    cpSync(join(world.folder, "good"), generation(period), { recursive: true, preserveTimestamps: true });
  const at = new Date(olderAt);
  for (const name of readdirSync(generation(older))) utimesSync(join(generation(older), name), at, at);
});

test("the newest generation comes out into a folder of root's, and where config.xml belongs is said", async () => {
  world.firewall.switchFaults({ api: "html" });
  const restored = await backup("restore", "--into", into());
  world.firewall.switchFaults({ api: "none" });
  expect(restored).toMatchObject({ status: 0 });
  for (const name of readdirSync(generation(week)))
    expect(readFileSync(join(into(), name)).equals(readFileSync(join(generation(week), name)))).toBe(true);
  expect(lstatSync(into()).mode & 0o777).toBe(0o700);
  expect(restored.stdout).toContain(
    `Diagnostics, Backup & Restore, Restore Backup, with ${into()}/config.xml`,
  );
});

test("a drill brings it back beside the disk for proof, and names what has rotted of it", async () => {
  const { config, folder } = world;
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const fsUuid = await makeDiskImage(join(folder, "scratch.img"), 16, ["-m", "0", "-O", "^has_journal"]);
  await world.inside("mount", "-o", "loop,nosuid,nodev", join(folder, "scratch.img"), scratch);
  await world.inside("mkdir", "-m", "0700", join(scratch, "drills"));
  const programs = await Promise.all(["pfsense-backup", "restore-drill"].map(job => runnerOf(job)));
  const [command, drill = []] = programs.map(({ path }) => [process.execPath, path, "--config"]);
  const drilled: RestoreDrillConfig = {
    ...{ job: "restore-drill", host: "pve", budgetMs: 60_000, target: config.target },
    ...{ stateDir: join(folder, "drills"), textfile: join(folder, "textfile/restore-drill.prom") },
    pushgateway: { url: world.pushes.url, timeoutMs: 2000, attempts: 1 },
    scratch: { folder: join(scratch, "drills"), on: { path: scratch, fsUuid } },
    ...{ periodMs: 2, mostBytes: 8_000_000, leaveFreeBytes: 1_000_000 },
    tiers: [
      {
        ...{ tier: "pfsense-backup", kind: "firewall", job: "pfsense-backup" },
        command: [...(command ?? []), join(folder, "config.json")],
        ...{ below: join(config.target.path, "pfsense"), lock: join(config.stateDir, "run.lock") },
      },
    ],
    copiesTextfile: join(folder, "textfile/drilled.prom"),
  };
  const file = join(folder, "restore-drill.json");
  writeFileSync(file, JSON.stringify(drilled));
  const run = (): Promise<string> =>
    world.inside("sh", "-c", '"$@" || true', "sh", ...drill, file, "run", "--json");
  expect(JSON.parse(await run())).toMatchObject({
    ...{ status: 0, proved: 1, skipped: 0 },
    drills: [{ tier: "pfsense-backup", of: "pfsense", scope: "whole", compared: { recorded: 0, copy: 3 } }],
  });
  writeFileSync(join(generation(week), "config.xml"), "<pfsense>rotten</pfsense>");
  expect(JSON.parse(await run())).toMatchObject({
    status: 1,
    failed: expect.stringMatching(/pfsense did not come back .*config\.xml/) as string,
  });
  expect(readdirSync(world.outside(drilled.scratch.folder))).toEqual([]);
  await world.inside("umount", scratch);
});

test("an earlier one comes by its time, and what lacks a file is passed over, and said", async () => {
  expect(await backup("restore", "--at", olderAt, "--into", into())).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(older),
  });
  rmSync(into(), { recursive: true });
  rmSync(join(generation(week), "full.tar.gz"));
  expect((await backup("restore", "--into", into())).stdout).toContain(older);
  mkdirSync(join(world.generations, ".part/0"), { recursive: true });
  const listed = await backup("list");
  expect(listed.stdout).toContain("incomplete: it lacks full.tar.gz");
  expect(listed.stdout).toContain("of a run that ended early");
  const answer = JSON.parse((await backup("list", "--versions", "--json")).stdout) as unknown;
  const { versions } = versionsAnswer.parse(answer);
  expect(versions).toMatchObject([{ lacks: ["lacks full.tar.gz"] }, { lacks: [] }]);
  rmSync(into(), { recursive: true });
  expect((await backup("restore", ...(versions[1]?.pick ?? []), "--into", into())).stdout).toContain(older);
});

test("a newer config.xml without a tar is told, and comes where somebody says that it will do", async () => {
  world.firewall.switchFaults({ tar: "cut" });
  expect(await backup()).toMatchObject({ status: 1 });
  world.firewall.switchFaults({ tar: "none" });
  const whole = await backup("restore", "--into", into());
  expect(whole).toMatchObject({ status: 0 });
  expect(whole.stdout).toMatch(/a newer one, .* lacks full.tar.gz: to have it, the same with --incomplete/);
  expect(readdirSync(into())).toContain("full.tar.gz");
  rmSync(into(), { recursive: true });
  const newest = await backup("restore", "--incomplete", "--into", into());
  expect(newest).toMatchObject({ status: 0 });
  expect(readdirSync(into())).toEqual(["config.xml"]);
  expect(await backup("verify")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(", incomplete: config.xml is whole"),
  });
});

test.each([
  {
    what: "a tar that ends early",
    name: "full.tar.gz",
    bytes: (file: Buffer) => file.subarray(0, file.length / 4),
    says: "full.tar.gz can't be read to its end",
  },
  {
    what: "a config.xml that ends early",
    name: "config.xml",
    bytes: (file: Buffer) => file.subarray(0, -40),
    says: "config.xml is no whole configuration",
  },
  {
    what: "a config.xml of the same length that was changed",
    name: "config.xml",
    bytes: (file: Buffer) =>
      Buffer.from(file.toString("latin1").replace("<version>", "<version> "), "latin1").subarray(
        0,
        file.length,
      ),
    says: "config.xml",
  },
])("$what is found, and a restore of it is no success", async ({ name, bytes, says }) => {
  const file = join(generation(week), name);
  writeFileSync(file, bytes(readFileSync(file)));
  const verified = await backup("verify");
  expect(verified).toMatchObject({ status: 1 });
  expect(verified.stdout).toContain(says);
  expect(verified.stdout).toMatch(
    new RegExp(`${older}: config.xml is whole, .* both hold what was recorded`),
  );
  const restored = await backup("restore", "--into", into());
  expect(restored).toMatchObject({ status: 1 });
  expect(restored.stdout).toContain(says);
  expect(restored.stdout).toContain("--at TIME");
});

test("generations of another kind of period are listed and compared with, and go once there are as many of the new kind", async () => {
  world.writeConfig({ keep: { every: "day", count: 1 } });
  expect((await backup("list")).stdout).toContain(`${week}: fetched`);
  // As if it had been far larger.
  writeFileSync(join(generation(week), "config.xml"), Buffer.alloc(2 ** 20));
  const collapsed = await backup();
  expect(collapsed.stdout).toContain(`that of ${week} ${2 ** 20}: is it at its factory settings?`);
  expect(await backup("--accept=pfsense")).toMatchObject({ status: 0 });
  const left = readdirSync(world.generations).filter(name => !name.startsWith("."));
  expect(left).toEqual([periodOf(Date.now(), "day", noonZone)]);
  world.writeConfig({});
});

test("the generation of a clock that was ahead isn't the newest until that day comes", async () => {
  const ahead = new Date(Date.now() + 40 * 86_400_000);
  cpSync(generation(week), generation("2100-01"), { recursive: true });
  for (const name of readdirSync(generation("2100-01")))
    utimesSync(join(generation("2100-01"), name), ahead, ahead);
  const restored = await backup("restore", "--into", into(), "--dry-run");
  expect(restored.stdout).toContain(`would copy config.xml and full.tar.gz of ${week}`);
});

test("a generation of an earlier version has no checksums, and is read to its end all the same", async () => {
  rmSync(join(generation(older), "SHA256SUMS"));
  const verified = await backup("verify", older);
  expect(verified).toMatchObject({ status: 0 });
  expect(verified.stdout).toContain("recorded no checksums");
});

test.each([
  [["restore"], 2, "needs --into DIR"],
  [["restore", "--into", "DISK/x"], 3, "lies on the backup disk"],
  [["restore", "--at", "2001-01-01", "--into", "INTO"], 3, "no generation of pfsense was fetched by"],
  [["verify", "1999-01"], 3, "there is no generation"],
])("%j is refused", async (words, status, says) => {
  const places = { DISK: world.config.target.path, INTO: into() };
  const refused = await backup(
    ...words.map(word => word.replace(/DISK|INTO/, name => places[name as keyof typeof places])),
  );
  expect(refused).toMatchObject({ status });
  expect(refused.stdout).toContain(says);
});
