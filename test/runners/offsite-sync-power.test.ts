import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSegment } from "../../host-scripts/runtime/journal";
import { syncingModule } from "./support/far";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";
import { first, through } from "./support/through";

/*
 * The destination, whose tree lies on a disk of its own, loses its power: what its kernel had in memory alone is gone. The world goes on
 * from test to test.
 */
let world: OffsiteWorld;

beforeAll(async () => {
  world = await createOffsiteWorld(64, 64);
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  mkdirSync(join(world.backup, "books"));
  put("one");
  await succeeds();
  // Or it would find, at the end of each run, what no list had.
  world.shadow("rsync", `case " $* " in *" -ii "*) exit 0 ;; esac; exec REAL "$@"`);
});
afterAll(() => world.close());

const there = (name: string): string => world.far.outside(join(world.far.tree, "pve-backup/books", name));

function put(name: string, content: string | Buffer = `the book ${name}`): void {
  writeFileSync(join(world.backup, "books", name), content);
  const segment = openSegment(world.journal, "paths");
  segment.add(Buffer.from(`books/${name}`));
  segment.promote();
}

async function run(): Promise<FinishedRun> {
  return world.start(["--json"]).finished;
}

async function succeeds(): Promise<FinishedRun> {
  const finished = await run();
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

/** All names that there are, and whatever else its journal keeps, but not what files hold: as any program there does that syncs a file. */
async function commitNames(): Promise<void> {
  const file = join(world.far.tree, "somebody's");
  await world.far.inside("sh", "-c", `echo x >"$0"; sync "$0"`, file);
}

test("what a run says is there is on the destination's disk", async () => {
  const names = ["two", "three", "four"];
  for (const name of names) put(name);
  await succeeds();
  await commitNames();
  await world.far.losePower();
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe(`the book ${name}`);
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test("where rsync syncs nothing, what it may have lost is looked at by the next run, and by that alone", async () => {
  const names = ["five", "six"];
  world.far.configureModule("refuse options = fsync");
  put("before it");
  expect((await succeeds()).stderr).toContain("rsync at nas can't sync what it writes");
  await succeeds();
  for (const name of names) put(name);
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  await commitNames();
  await world.far.losePower();
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe("");
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe(`the book ${name}`);
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test("one that syncs all when it is asked has on its disk what a run says is there, however old its rsync is", async () => {
  const withSync = syncingModule(world.far.tree);
  world.far.configureModule("refuse options = fsync", ...withSync);
  put("seven");
  // It is asked before this run's end for the first time, and so has nothing to look at again.
  expect((await succeeds()).stderr).toContain("by list: 1 names");
  await world.far.losePower();
  expect(readFileSync(there("seven"), "utf8")).toBe("the book seven");
  world.far.configureModule(...withSync);
  const asked = join(world.folder, "asked");
  world.shadow("rsync", `echo "$@" >>${asked}; case " $* " in *" -ii "*) exit 0 ;; esac; exec REAL "$@"`);
  put("eight");
  await succeeds();
  await world.far.losePower();
  expect(readFileSync(there("eight"), "utf8")).toBe("the book eight");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
  const sending = readFileSync(asked, "utf8")
    .split("\n")
    .filter(line => line.includes("--partial-dir") && !line.includes("--dry-run"));
  expect([sending.length, sending.filter(line => line.includes("--fsync")).length]).toEqual([1, 0]);
});

test("one that can't sync what it was sent, or doesn't any more, is not believed to have it on its disk", async () => {
  const [module = "", ...settings] = syncingModule(world.far.tree);
  const fails = settings.map(line => (line.startsWith("pre-xfer") ? "pre-xfer exec = false" : line));
  world.far.configureModule(module, ...fails);
  put("nine");
  const failed = await run();
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("pre-xfer exec") as string });
  expect(failed.stderr).toContain("the sync of nas");
  world.far.configureModule();
  put("ten");
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  // It was sent without a sync of its own.
  expect((await succeeds()).stderr).toContain("by list: 1 names");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test("one that loses its power in the midst of a file keeps what it had, is told as such, and gets all of it then", async () => {
  const gate = join(world.far.tree, "gate");
  const large = Buffer.alloc(8 * 1024 * 1024, "a large book. ");
  for (let at = 0; at < large.length; at += 4096) large.writeUInt32LE(at, at);
  world.far.configureModule(...syncingModule(world.far.tree));
  put("eleven");
  put("large", large);
  const before = world.metrics();
  through(world.far, `sh -c '${first(4_000_000)}; touch ${gate}; exec sleep 600'`);
  const running = world.start(["--json"]);
  await running.until(() => existsSync(world.far.outside(gate)));
  await world.far.losePower();
  expect((await running.finished).status).toBe(1);
  world.far.unshadow();
  const leg = (name: string): string => `leg_${name}{leg="backup"}`;
  const after = world.metrics();
  expect(after[leg("last_success_timestamp")]).toBe(before[leg("last_success_timestamp")]);
  expect([after[leg("last_status")], after[leg("debt_files")]]).toEqual([1, 2]);
  expect(readFileSync(there("one"), "utf8")).toBe("the book one");
  rmSync(world.far.outside(gate), { force: true });
  await succeeds();
  await world.far.losePower();
  expect(readFileSync(there("large")).equals(large)).toBe(true);
  expect(readFileSync(there("eleven"), "utf8")).toBe("the book eleven");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});
