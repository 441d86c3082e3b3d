import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRoom } from "../../host-scripts/daily-backup/make-room";
import { prune } from "../../host-scripts/daily-backup/prune";
import { judgeTrash } from "../../host-scripts/runtime/unremoved";
import { backupRun } from "./support/backup-run";
import { type MountNamespace, mountNamespace } from "./support/namespace";

let folder: string;
let namespace: MountNamespace;
let root: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-room-"));
  namespace = await mountNamespace();
  mkdirSync(join(folder, "disk"));
  await namespace.run("mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", join(folder, "disk"));
  root = join(namespace.outside(folder), "disk/pvc-data");
  mkdirSync(root);
});
afterEach(async () => {
  await namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = () => backupRun(namespace.outside(folder), "2026-06-16T03:00:00Z");

function fill(path: string, megabytes: number): void {
  mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, path, "file"), Buffer.alloc(megabytes * 2 ** 20));
}

test("what earlier nights left in the trash goes first, also on a disk that is full of it", async () => {
  fill(".trash/0", 70);
  fill("2026-24/app/data", 1);
  await makeRoom.run(run());
  expect(readdirSync(join(root, ".trash"))).toEqual([]);
  expect(existsSync(join(root, "2026-24/app/data/file"))).toBe(true);
});

test("where there is room, too: nights that use up their time would never come to it", async () => {
  fill(".trash/0", 1);
  for (const week of [20, 21, 22, 23, 24]) fill(`2026-${week}/app/data`, 1);
  await makeRoom.run(run());
  expect(readdirSync(join(root, ".trash"))).toEqual([]);
  expect(readdirSync(root)).toHaveLength(6);
});

test("an entry of the trash that can't be removed fails the night after its work, and what lies behind it and in other trashes goes", async () => {
  for (const name of ["0", "1", "2"]) fill(`.trash/${name}`, 1);
  const other = join(namespace.outside(folder), "disk/sqlite-backup/.trash/0");
  mkdirSync(other, { recursive: true });
  await namespace.run("mount", "-t", "tmpfs", "tmpfs", join(folder, "disk/pvc-data/.trash/0"));
  const nightly = run();
  await prune.run(nightly);
  expect(readdirSync(join(root, ".trash"))).toEqual(["0"]);
  expect(existsSync(other)).toBe(false);
  await expect(judgeTrash().run(nightly)).rejects.toMatchObject({
    failed: expect.stringContaining("can't be removed") as string,
    exitCode: 1,
  });
});

test("on a disk that is short of room, what is no longer kept goes before anything new comes", async () => {
  for (const week of [20, 21, 22, 23, 24]) fill(`2026-${week}/app/data`, week === 20 ? 70 : 1);
  await makeRoom.run(run());
  expect(readdirSync(root).sort()).toEqual([".trash", "2026-21", "2026-22", "2026-23", "2026-24"]);
});

test("what can't be removed of the trash keeps nothing that is no longer kept on a disk that is short of room", async () => {
  fill(".trash/0", 1);
  await namespace.run("chattr", "+i", join(folder, "disk/pvc-data/.trash/0/file"));
  for (const week of [20, 21, 22, 23, 24]) fill(`2026-${week}/app/data`, week === 20 ? 70 : 1);
  await makeRoom.run(run());
  expect(readdirSync(root).sort()).toEqual([".trash", "2026-21", "2026-22", "2026-23", "2026-24"]);
});

test("a generation that can't be renamed, and a folder that can't be read, keep nothing else from going, and fail the night once its work is done", async () => {
  for (const week of [19, 20, 21, 22, 23, 24])
    for (const space of ["app", "shop", "zoo"]) fill(`2026-${week}/${space}/data`, 1);
  const immutable = join(folder, "disk/pvc-data/2026-19/app/data");
  await namespace.run("chattr", "+i", immutable);
  // The kernel reads nothing of a link to itself, as of a folder on a bad sector.
  rmSync(join(root, "2026-22/zoo"), { recursive: true });
  symlinkSync("zoo", join(root, "2026-22/zoo"));
  const nightly = run();
  await prune.run(nightly);
  const left = [19, 20, 21].map(week => readdirSync(join(root, `2026-${week}`)).sort());
  // Of a volume of which not all can be looked at, nothing goes.
  expect(left).toEqual([["app", "zoo"], ["zoo"], ["app", "shop", "zoo"]]);
  const told = nightly.unremoved.map(({ failed }) => failed);
  expect(told).toEqual([
    expect.stringMatching(/2026-22.zoo" can't be read: .*ELOOP.* Nothing in it is removed/),
    expect.stringMatching(/ELOOP.*2026-22.zoo.data/),
    expect.stringMatching(/2026-19.app.data" is no longer kept and can't be removed: .*EPERM/),
  ]);
  await expect(judgeTrash().run(nightly)).rejects.toMatchObject({
    failed: expect.stringContaining("2 more can't either") as string,
    exitCode: 1,
  });
  // Short of room, the same: it was the end of each night before anything was copied.
  fill("2026-24/big/data", 60);
  await makeRoom.run(run()).catch((error: unknown) => {
    expect(error).toMatchObject({ failed: expect.stringContaining("MiB free") as string });
  });
  await namespace.run("chattr", "-i", immutable);
});

test("a disk that is short of inodes is short of room, and refused when what goes leaves too few", async () => {
  const remount = async (inodes: number) =>
    namespace.run("mount", "-o", `remount,nr_inodes=${inodes}`, join(folder, "disk"));
  for (const week of [20, 21, 22, 23, 24]) fill(`2026-${week}/app/data`, 1);
  const many = join(root, "2026-20/app/data");
  for (let index = 0; index < 200; index += 1) writeFileSync(join(many, `f${index}`), "");
  await remount(1200);
  await makeRoom.run(run());
  expect(readdirSync(root).sort()).toEqual([".trash", "2026-21", "2026-22", "2026-23", "2026-24"]);
  await remount(1000);
  await expect(makeRoom.run(run())).rejects.toMatchObject({
    failed: expect.stringMatching(/has room for 9\d\d more entries \(inodes\), at least 1000/) as string,
  });
});

test("a disk that is full of what is kept is refused, and nothing of it goes; what its trash still has is told", async () => {
  fill("2026-24/app/data", 78);
  fill(".trash/0", 1);
  await namespace.run("chattr", "+i", join(folder, "disk/pvc-data/.trash/0/file"));
  await expect(makeRoom.run(run())).rejects.toMatchObject({
    failed: expect.stringMatching(
      /has 1 MiB free, at least 64 are needed; 1 entries of the trash are still being removed/,
    ) as string,
    next: expect.stringContaining(".trash") as string,
  });
  expect(existsSync(join(root, "2026-24/app/data/file"))).toBe(true);
});

test("generations of a kind that is no longer asked for go once there are enough of the new kind", async () => {
  const days = ["2026-06-11", "2026-06-12", "2026-06-13", "2026-06-14"];
  for (const period of ["2026-10", "2026-11", ...days.slice(0, 3)]) fill(`${period}/app/data`, 1);
  fill("2026-10/gone/volume", 1);
  const nightly = run();
  const { volumes } = nightly.config;
  if (!volumes) throw new Error("the run has no volumes");
  const config = { ...nightly.config, volumes: { ...volumes, keep: { every: "day", count: 4 } as const } };
  await prune.run({ ...nightly, config });
  expect(readdirSync(join(root, "2026-11"))).toEqual(["app"]);
  fill(`${days[3]}/app/data`, 1);
  await prune.run({ ...nightly, config });
  // The last copy of a volume that has none of the new kind stays.
  expect(readdirSync(root).sort()).toEqual([".trash", "2026-06-11", ...days.slice(1), "2026-10"]);
  expect(readdirSync(join(root, "2026-10"))).toEqual(["gone"]);
});
