import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSegment } from "../../host-scripts/runtime/journal";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";

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

function put(name: string): void {
  writeFileSync(join(world.backup, "books", name), `the book ${name}`);
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
