import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openSegment } from "../../host-scripts/runtime/journal";
import { debianPackages } from "../../lab/debian";
import { testLong } from "../long";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";
import { createSteppingClock } from "./support/stepping-clock";

/* What this host has no more goes there once a month, told first, and never on doubt. The world goes on from test to test. */
let world: OffsiteWorld;

beforeAll(async () => {
  world = await createOffsiteWorld();
  // Of sizes of their own: within one tick of the clock they have one time, and would be taken for the same.
  for (const week of [20, 21, 22, 23]) put(`pvc-data/2026-${week}/app/data/file`, "x".repeat(week));
  for (let index = 0; index < 30; index += 1) put(`music/${index}`, `song ${index}`);
  for (const name of ["gone", "renamed", "stays"]) put(`books/${name}`, `the book ${name}`);
  put("games/saved", "a game");
  for (const claim of ["data", "lost"]) {
    put(`pvc-data/.incomplete/2026-22/app/${claim}/file`, "in part");
    put(`pvc-data/.incomplete/2026-22/app/${claim}.lacks.json`, "[]");
  }
  for (let index = 0; index < 30; index += 1) put(`films/${index}`, `film ${index}`);
  put("films/old/covered", "an old film");
  put("scratch/left-out", "nobody sends it");
  writeFileSync(join(world.photos, "photo"), "a photo");
  mkdirSync(join(world.photos, "immich/2020"), { recursive: true });
  writeFileSync(join(world.photos, "immich/2020/photo"), "a photo");
  await succeeds();
});
afterAll(() => world.close());

const far = (path: string): string => join(world.far.tree, "pve-backup", path);

function put(path: string, text: string): void {
  mkdirSync(join(world.backup, path, ".."), { recursive: true });
  writeFileSync(join(world.backup, path), text);
}

function drop(path: string): void {
  rmSync(join(world.backup, path), { recursive: true });
}

async function run(...args: string[]): Promise<FinishedRun & { result: Record<string, unknown> }> {
  const finished = await world.start([...args, "--json"]).finished;
  return { ...finished, result: JSON.parse(finished.stdout || "{}") as Record<string, unknown> };
}

async function succeeds(...args: string[]) {
  const finished = await run(...args);
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

/** As if the last full pass had been so long ago, or were yet to come. */
function lastPass(days: number): void {
  const file = join(world.config.stateDir, "memory.json");
  const memory = JSON.parse(readFileSync(file, "utf8")) as { full: Record<string, number> };
  for (const leg of Object.keys(memory.full)) memory.full[leg] = Date.now() - days * 86_400_000;
  writeFileSync(file, JSON.stringify(memory));
}

test("what is gone, renamed or rotated out goes there at the first pass after its Sunday, once", async () => {
  drop("books/gone");
  renameSync(join(world.backup, "books/renamed"), join(world.backup, "books/new name"));
  drop("pvc-data/2026-20");
  await succeeds();
  expect(existsSync(far("books/gone"))).toBe(true);
  lastPass(-40);
  await succeeds();
  expect(existsSync(far("books/gone"))).toBe(true);
  lastPass(40);
  const { stdout: looked } = await succeeds("--dry-run");
  expect(existsSync(far("books/gone"))).toBe(true);
  const { result, stderr } = await succeeds();
  expect({ looked: (JSON.parse(looked) as { status: number }).status, removed: result["removed"] }).toEqual({
    looked: 0,
    removed: 3,
  });
  expect(stderr).toContain("/backup/books: goes at nas, 2 files of ");
  expect(readFileSync(join(world.config.stateDir, "removed.txt"), "utf8")).toContain("/books/gone\n");
  expect(["books/gone", "books/renamed", "pvc-data/2026-20"].filter(path => existsSync(far(path)))).toEqual(
    [],
  );
  expect(
    ["books/new name", "books/stays", "pvc-data/2026-21/app/data/file"].every(path => existsSync(far(path))),
  ).toBe(true);
  expect(lstatSync(far("books")).mtimeMs).toBe(lstatSync(join(world.backup, "books")).mtimeMs);
  expect(world.metrics()["removed_files"]).toBe(3);
  drop("books/stays");
  expect((await succeeds()).result["removed"]).toBe(0);
});

test("what may have been lost stays until somebody answers, and all else goes", async () => {
  drop("games");
  drop("pvc-data/2026-23");
  for (let index = 0; index < 28; index += 1) drop(`music/${index}`);
  const second = join(world.photos, "immich/2020/second");
  writeFileSync(second, "a second photo");
  lastPass(40);
  const { status, stderr, result } = await run();
  expect({ status, removed: result["removed"] }).toEqual({ status: 1, removed: 1 });
  expect(existsSync(far("books/stays"))).toBe(false);
  for (const [name, why] of [
    ["games", "this host lacks all of it"],
    ["music", "this host has 2 files"],
    ["pvc-data/2026-23", "this host has 0 newer generations, and the estate keeps 2"],
  ] as const) {
    expect(stderr).toContain(`/backup/${name}: is kept at nas, as ${why}`);
    expect(existsSync(far(name))).toBe(true);
  }
  expect(stderr).toMatch(/--accept=\S+\/backup\//);
  const slip = await run("--accept", join(world.folder, "backup/musik"));
  expect(slip.status).toBe(3);
  expect(slip.stderr).toContain('did you mean "');
  const names = ["games", "music", "pvc-data/2026-23"].map(
    name => `--accept=${join(world.folder, "backup", name)}`,
  );
  // A leg whose pass is done has its next one by its own calendar.
  rmSync(second);
  await succeeds(...names);
  expect(existsSync(join(world.far.tree, "nfs/immich/2020/second"))).toBe(true);
  writeFileSync(second, "a second photo");
  expect(["games", "music/0", "pvc-data/2026-23"].filter(path => existsSync(far(path)))).toEqual([]);
  expect(existsSync(far("music/29"))).toBe(true);
});

test("a clock that jumps over a first Sunday, stays ahead, and goes back brings one pass for each Sunday that it has passed", async () => {
  const clock = createSteppingClock(world.folder);
  const dueAt = async (days: number): Promise<boolean> => {
    clock.aheadDays = days;
    const { status, stderr } = await world.start(["--json"], clock.environment()).finished;
    if (status !== 0) throw new Error(stderr);
    return stderr.includes("its full pass is due");
  };
  lastPass(0);
  expect(await dueAt(0)).toBe(false);
  // Over a dozen of them at once.
  expect(await dueAt(400)).toBe(true);
  expect(await dueAt(400)).toBe(false);
  // Set right, it costs one run. A run that fails then doesn't tell of a success that is yet to come: an alert would be silent until then.
  expect((await run()).stderr).toContain("this host's clock went back");
  await world.far.stop();
  expect((await run()).status).toBe(1);
  await world.far.start();
  expect(world.metrics()['leg_last_success_timestamp{leg="backup"}']).toBe(0);
  // It counts from then on, and not from what it said before: no two first Sundays are further apart than 35 days.
  expect(await dueAt(0)).toBe(false);
  expect(await dueAt(36)).toBe(true);
  expect(await dueAt(37)).toBe(false);
  expect((await run()).status).toBe(1);
  await succeeds();
});

test("a source that is unmounted or empty at the full pass loses nothing there", async () => {
  lastPass(40);
  await world.inside("umount", join(world.folder, "photos"));
  expect((await run()).status).toBe(1);
  await world.mount("photos");
  lastPass(40);
  renameSync(join(world.photos, "immich/2020"), join(world.photos, "2020"));
  expect((await run()).status).toBe(1);
  renameSync(join(world.photos, "2020"), join(world.photos, "immich/2020"));
  expect(existsSync(join(world.far.tree, "nfs/immich/2020/photo"))).toBe(true);
  await succeeds();
});

test("what a file system was mounted over is there still, and loses nothing there", async () => {
  const covered = join(world.folder, "backup/films/old");
  await world.inside("mount", "-t", "tmpfs", "stranger", covered);
  drop("films/0");
  lastPass(40);
  const night = await run();
  expect([night.status, night.stderr]).toEqual([1, expect.stringContaining("which no leg carries")]);
  expect(["films/old/covered", "films/0"].map(path => existsSync(far(path)))).toEqual([true, false]);
  await world.inside("umount", covered);
  // What is left out, or is another leg's, may be a file system of its own.
  await world.inside("mount", "-t", "tmpfs", "stranger", join(world.folder, "backup/scratch"));
  await succeeds();
  await world.inside("umount", join(world.folder, "backup/scratch"));
  expect(existsSync(far("films/old/covered"))).toBe(true);
});

test("what a restore has not brought back yet is at the destination alone, and stays there", async () => {
  const place = join(world.folder, "photos/immich");
  const here = join(world.photos, "immich");
  for (let index = 0; index < 8; index += 1) writeFileSync(join(here, `2020/${index}`), "a".repeat(200_000));
  await succeeds();
  rmSync(here, { recursive: true });
  world.shadow("rsync", 'case "$*" in *--dry-run*) exec REAL "$@";; esac; exec REAL --bwlimit=100 "$@"');
  // Also where its own place is typed as that of another.
  const restoring = world.start(["restore", place, "--into", place]);
  await restoring.until(() => existsSync(join(here, "2020/0")));
  restoring.kill("SIGKILL");
  await restoring.finished;
  world.unshadow("rsync");
  lastPass(40);
  const night = await run();
  expect([night.status, night.stderr]).toEqual([
    1,
    expect.stringContaining(`the restore of "${place}" has not come to its end`),
  ]);
  const there = (): string[] => readdirSync(join(world.far.tree, "nfs/immich/2020"));
  expect(there()).toHaveLength(10);
  const noted = join(world.config.stateDir, "restoring.json");
  const cut = readFileSync(noted);
  writeFileSync(noted, "");
  expect((await run()).stderr).toContain(`"${noted}" can't be read: a restore may not have come to its end`);
  writeFileSync(noted, cut);
  const [, aside = ""] = /Next: (mv \S+ \S+ \S+);/.exec((await run("restore", place)).stderr) ?? [];
  await world.inside("sh", "-c", aside);
  await succeeds("restore", place);
  await succeeds();
  expect(there()).toHaveLength(10);
});

test("a subvolume, which rsync passes over without a word, is no part of a leg that is whole there", async () => {
  const programs = await debianPackages("btrfs", ["btrfs-progs", "liblzo2-2"]);
  const libraries = ["usr/lib", "lib"].map(path => join(programs, path, "x86_64-linux-gnu")).join(":");
  const [image, path] = [join(world.folder, "btrfs.img"), join(world.folder, "btrfs")];
  const inside = (program: string, ...args: string[]): Promise<string> =>
    world.inside("env", `LD_LIBRARY_PATH=${libraries}`, join(programs, program), ...args);
  await world.inside("truncate", "--size=128M", image);
  await inside("sbin/mkfs.btrfs", "--quiet", "--mixed", image);
  mkdirSync(path);
  await world.inside("mount", "-o", "loop,nosuid,nodev", image, path);
  const fsUuid = (await world.inside("findmnt", "-no", "UUID", path)).trim();
  await inside("bin/btrfs", "subvolume", "create", join(path, "own"));
  writeFileSync(world.outside(join(path, "photo")), "a photo");
  writeFileSync(world.outside(join(path, "own/photo")), "another photo");
  const leg = { from: path, to: "btrfs", mount: { path, fsUuid }, generations: [], journals: [] };
  const legs = [{ ...leg, excludes: [] }];
  const night = async (): Promise<unknown[]> => {
    const state = { stateDir: join(world.folder, "of-btrfs"), job: "of-btrfs" };
    const { status, stderr } = await world.start(["--json"], {}, { legs, ...state }).finished;
    return [status, stderr];
  };
  expect(await night()).toEqual([
    1,
    expect.stringContaining(`a btrfs subvolume of its own lies at "${path}/own", which no leg carries`),
  ]);
  world.shadow("find", "echo './deep: Input/output error' >&2; exit 1");
  expect(await night()).toEqual([
    1,
    expect.stringContaining(
      `whether btrfs subvolumes lie in "${path}", which no leg carries, isn't known: ./deep: Input/output error`,
    ),
  ]);
  world.unshadow("find");
});

test("what lacked something goes once a whole one is here, of the same and no older; before, it waits for an answer", async () => {
  const apart = (claim: string): boolean[] =>
    ["", ".lacks.json"].map(end => existsSync(far(`pvc-data/.incomplete/2026-22/app/${claim}${end}`)));
  put("pvc-data/2026-22/app/data/file", "x".repeat(22));
  put("pvc-data/2026-21/app/lost/file", "x".repeat(21));
  drop("pvc-data/.incomplete");
  lastPass(40);
  const night = await run();
  expect([night.status, night.stderr]).toEqual([1, expect.stringContaining(".incomplete: is kept at nas")]);
  expect([...apart("data"), ...apart("lost")]).toEqual([true, true, true, true]);
  put("pvc-data/2026-22/app/lost/file", "x".repeat(23));
  await succeeds();
  expect([...apart("data"), ...apart("lost")]).toEqual([false, false, false, false]);
});

test("generations of another kind are newer by time and not by name: of weeks that days have followed, and of days that no week has", async () => {
  const former = ["pvc-data/2026-40/app/data/file", "pvc-data/.incomplete/2026-40/app/data/file"];
  for (const path of former) put(path, "of a week");
  // Its name is less than that of each week here, and all of those were before it.
  put("pvc-data/2026-09-28/app/data/file", "of a day");
  await succeeds();
  expect(former.map(path => existsSync(far(path)))).toEqual([true, true]);
  for (const path of ["pvc-data/2026-40", "pvc-data/.incomplete", "pvc-data/2026-09-28"]) drop(path);
  lastPass(40);
  const { stderr } = await run();
  expect(stderr).toContain("pvc-data/2026-09-28: is kept at nas, as this host has 0 newer generations");
  put("pvc-data/2026-10-05/app/data/file", "x".repeat(5));
  put("pvc-data/2026-10-06/app/data/file", "x".repeat(6));
  await succeeds();
  expect([...former, "pvc-data/2026-09-28"].map(path => existsSync(far(path)))).toEqual([
    false,
    false,
    false,
  ]);
});

test("a list beside what lacks something, which is named by itself, is there the night after", async () => {
  const list = "pvc-data/.incomplete/2026-24/app/data.lacks.json";
  put("pvc-data/.incomplete/2026-24/app/data/file", "x".repeat(24));
  const segment = openSegment(world.journal, "reconcile");
  for (const path of [list, list.replace(".lacks.json", "")]) segment.add(Buffer.from(path));
  put(list, '[{"path":"file","reason":"EIO"}]');
  segment.promote();
  const { stderr } = await succeeds();
  expect(stderr).toContain("by list: 0 names and 2 subtrees");
  expect(readFileSync(far(list), "utf8")).toContain("EIO");
  drop("pvc-data/.incomplete");
  put("pvc-data/2026-24/app/data/file", "x".repeat(25));
});

// A run that is killed is made up by the next one in offsite-sync.test.ts too.
testLong("a pass that is killed while it removes is made up", async () => {
  put("books/one more", "x");
  await succeeds();
  drop("books/one more");
  lastPass(40);
  const killed = world.start();
  await killed.reaches("remove");
  killed.kill("SIGKILL");
  await killed.finished;
  await succeeds();
  expect(existsSync(far("books/one more"))).toBe(false);
});
