import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTime, testLong } from "../long";
import { makeNasty } from "./support/nasty";
import { differences, expectMirrored, type Snapshot, snapshot } from "./support/tree";
import { createWorld, metricsOf, type World } from "./support/world";

let world: World;
let before: Snapshot;
let lastSuccess: number | undefined;
let segments: string[];

const touched = { touched: true };
const journal = (): string[] => readdirSync(join(world.config.stateDir, "journal")).sort();

const left = Array.from({ length: 10 }, (_, index) => `left${index}`);

// A good night first, and a change that the next one would carry over: each guard has something to keep.
beforeAll(async () => {
  world = await createWorld({ targetMb: 64 });
  await makeNasty(world);
  for (const name of left) writeFileSync(`${world.source}/nasty/${name}`, "stays");
  await world.start().finished;
  before = await snapshot(world, world.config.target.path, touched);
  lastSuccess = metricsOf(world)["last_success_timestamp"];
  segments = journal();
  writeFileSync(`${world.source}/new`, "not mirrored yet");
  rmSync(`${world.source}/nasty/one`);
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

/** Not most of it, as a service that has lost that is kept whatever the ceilings are. */
function emptyNasty(): void {
  for (const name of readdirSync(`${world.source}/nasty`, "buffer"))
    if (!left.includes(name.toString()))
      rmSync(Buffer.concat([Buffer.from(`${world.source}/nasty/`), name]), { recursive: true });
}

/** The run failed with this code and reason, said so in its metrics, and has not touched the target. */
async function expectRefusal(status: number, reason: string): Promise<void> {
  const run = await world.start().finished;
  expect(run.stdout).toContain(reason);
  expect(run.status).toBe(status);
  expect(run.stdout).toMatch(/Kept: .*\n.*Next: /);
  expect(metricsOf(world)).toMatchObject({ last_status: status, last_success_timestamp: lastSuccess });
  expect(world.pushes.received.at(-1)?.body).toBe(readFileSync(world.config.textfile, "utf8"));
  expect(journal()).toEqual(segments);
}

async function expectTargetUntouched(): Promise<void> {
  expect(differences(before, await snapshot(world, world.config.target.path, touched))).toEqual([]);
}

test("refuses an empty source", async () => {
  for (const entry of readdirSync(world.source))
    if (entry !== "lost+found") rmSync(`${world.source}/${entry}`, { recursive: true });
  // Entries that are left out don't make it a source.
  mkdirSync(`${world.source}/frigate`);
  await expectRefusal(3, "holds nothing to mirror");
  await expectTargetUntouched();
});

test("refuses a source that is not mounted", async () => {
  await world.inside("umount", world.config.source.path);
  writeFileSync(`${world.source}/stray`, "written while the disk was away");
  await expectRefusal(3, 'src" is not a mount point');
  await expectTargetUntouched();
});

// A target of another file system is refused below, by the same proof.
testLong("refuses a source that has another file system mounted", async () => {
  await world.inside("umount", world.config.source.path);
  await world.inside("mount", "-t", "tmpfs", "tmpfs", world.config.source.path);
  writeFileSync(`${world.source}/stray`, "x");
  await expectRefusal(3, 'src" has the wrong file system mounted');
  await expectTargetUntouched();
});

test("refuses a file system that has the backup disk's UUID and isn't the disk that earlier runs wrote to", async () => {
  const { path, fsUuid } = world.config.target;
  const impostor = join(world.folder, "impostor.img");
  await world.inside("truncate", "-s", "16M", impostor);
  await world.inside("mkfs.ext4", "-q", "-U", fsUuid, impostor);
  await world.inside("umount", path);
  await world.inside("mount", "-o", "loop,nosuid,nodev", impostor, path);
  await expectRefusal(3, "isn't the disk that earlier runs wrote to: it has no mark");
  expect(readdirSync(world.target)).toEqual(["lost+found"]);
  mkdirSync(`${world.target}/.holdfast`);
  writeFileSync(`${world.target}/.holdfast/mark`, "another\n");
  await expectRefusal(3, "it has another mark");
  for (const way of ["list", "verify"]) {
    const { status, stdout } = await world.start([way]).finished;
    expect({ way, status, stdout }).toMatchObject({ way, status: 3 });
    expect(stdout).toContain("it has another mark");
  }
  await world.inside("umount", path);
  await world.mount("dst");
  await expectTargetUntouched();
});

test("refuses a source that is a bind mount of another folder of the same file system", async () => {
  const { path } = world.config.source;
  mkdirSync(`${world.source}/elsewhere/inner`, { recursive: true });
  await world.inside("mount", "--bind", `${path}/elsewhere`, path);
  await expectRefusal(3, 'is a bind mount of the folder "/elsewhere"');
  await expectTargetUntouched();
});

// One that isn't mounted is refused above, by the same proof.
testLong("refuses a source that can't be read", async () => {
  world.writeConfig({ source: { ...world.config.source, path: join(world.folder, "gone") } });
  await expectRefusal(3, "can't be opened: ENOENT");
  await expectTargetUntouched();
});

test("refuses a target that is not mounted, and leaves the folder under it empty", async () => {
  await world.inside("umount", world.config.target.path);
  await expectRefusal(3, 'dst" is not a mount point');
  expect(readdirSync(world.target)).toEqual([]);
  // What is printed mounts it as the next run wants it.
  const loop = (await world.inside("losetup", "--find", "--show", join(world.folder, "dst.img"))).trim();
  const printed = /Next: (mount .*)/.exec((await world.start().finished).stdout)?.[1] ?? "";
  await world.inside("sh", "-c", printed);
  await expectTargetUntouched();
  expect(await world.start().finished).toMatchObject({ status: 0 });
  await world.inside("sh", "-c", `umount ${world.config.target.path}; losetup --detach ${loop}`);
});

test("a service sees the folder of a disk that isn't mounted as a mount of its own: it is told as what it is", async () => {
  const { path, fsUuid } = world.config.target;
  await world.inside("umount", path);
  await world.inside("mount", "--bind", path, path);
  await expectRefusal(3, 'dst" is not a mount point');
  expect((await world.start().finished).stdout).toContain(
    `Next: mount -o nosuid,nodev,noexec UUID=${fsUuid} ${path}`,
  );
  expect(readdirSync(world.target)).toEqual([]);
});

// A target with another UUID is refused below, by the same proof.
testLong("refuses a target that has another file system mounted over it", async () => {
  await world.inside("mount", "-t", "tmpfs", "tmpfs", world.config.target.path);
  await expectRefusal(3, 'dst" has the wrong file system mounted: one without a UUID (tmpfs');
  expect(readdirSync(world.target)).toEqual([]);
  await world.inside("umount", world.config.target.path);
  await expectTargetUntouched();
});

test("refuses a mount table in which others could unmount the target during the run", async () => {
  await world.inside("mount", "--make-shared", world.config.target.path);
  const { status, stdout } = await world.start([], {}, []).finished;
  expect([status, stdout]).toEqual([3, expect.stringContaining("could be unmounted during the run")]);
  expect(stdout).toContain("unshare --mount --propagation private");
  await expectTargetUntouched();
});

test("refuses a target disk with another UUID", async () => {
  const fsUuid = "11111111-2222-3333-4444-555555555555";
  world.writeConfig({ target: { ...world.config.target, fsUuid } });
  await expectRefusal(3, `expected the file system ${fsUuid}`);
  await expectTargetUntouched();
});

test("refuses a folder on the right file system that is not its mount point", async () => {
  const path = join(world.config.target.path, "nasty");
  world.writeConfig({ target: { ...world.config.target, path } });
  await expectRefusal(3, "is not a mount point");
  await expectTargetUntouched();
});

test("refuses a target that is mounted read-only", async () => {
  await world.inside("mount", "-o", "remount,ro", world.config.target.path);
  await expectRefusal(3, "is mounted read-only");
  await expectTargetUntouched();
});

test("refuses a target of which the host has set-uid programs, though its own unit would see none", async () => {
  const { path } = world.config.target;
  const seen = await world.inside("cat", "/proc/self/mountinfo");
  const table = join(world.folder, "mountinfo");
  writeFileSync(table, `${seen.replaceAll("nosuid,", "")}\n`);
  await world.inside("mount", "--bind", table, "/proc/1/mountinfo");
  await expectRefusal(3, `${path}" is mounted without nosuid`);
  await world.inside("umount", "/proc/1/mountinfo");
  await expectTargetUntouched();
});

test.each(
  inTime(1, [
    ["suid", "nosuid"],
    ["dev", "nodev"],
  ]),
)(
  "refuses a target that is mounted with %s, and its config before a release of it goes live",
  async (lax, strict) => {
    const { path, fsUuid } = world.config.target;
    await world.inside("mount", "-o", `remount,${lax}`, path);
    await expectRefusal(3, `dst" is mounted without ${strict}`);
    await expectTargetUntouched();
    const check = await world.start(["--check-config"]).finished;
    expect([check.status, check.stdout]).toEqual([
      3,
      expect.stringContaining(`is mounted without ${strict}`),
    ]);
    expect(check.stdout).toContain(`mount -o remount,nosuid,nodev,noexec ${path}`);
    expect(check.stdout).toContain(`UUID=${fsUuid} ${path} ext4 defaults,nofail,nosuid,nodev,noexec 0 2`);
  },
);

test("a config is valid while its disk is away: the run itself looks again", async () => {
  await world.inside("umount", world.config.target.path);
  expect(await world.start(["--check-config"]).finished).toMatchObject({ status: 0 });
});

test("refuses to delete more than both ceilings, and names what would go", async () => {
  emptyNasty();
  await expectRefusal(3, "more than 10 and 10 %; first");
  await expectTargetUntouched();
});

test.each(
  inTime(1, [
    { count: 1000, percent: 0, bytesPercent: 100 },
    { count: 0, percent: 100, bytesPercent: 100 },
  ]),
)("deletes up to the larger of $count entries and $percent %", async maxDeletions => {
  emptyNasty();
  world.writeConfig({ maxDeletions });
  expect(await world.start().finished).toMatchObject({ status: 0 });
  expect(readdirSync(`${world.target}/nasty`)).toEqual(left);
});

test("deletes nothing that the scan didn't find when the source loses its data after it", async () => {
  world.shadow(
    "rsync",
    `case "$*" in *--dry-run*) exec REAL "$@";; *) find ./nasty -mindepth 1 ! -name 'left*' -delete; exec REAL "$@";; esac`,
  );
  await world.start().finished;
  const after = await snapshot(world, world.config.target.path);
  const gone = [...before.keys()].filter(name => !after.has(name));
  expect(gone.filter(name => name !== "nasty/one")).toEqual([]);
  world.unshadow("rsync");
  expect((await world.start().finished).stdout).toContain("more than 10 and 10 %; first");
});

test("refuses to run without rsync", async () => {
  world.shadow("rsync", "exit 0");
  chmodSync(join(world.folder, "bin", "rsync"), 0o644);
  const { PATH, LD_LIBRARY_PATH } = {
    PATH: `${world.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LD_LIBRARY_PATH: "",
  };
  const run = await world.start([], { PATH, LD_LIBRARY_PATH }).finished;
  expect(run.status).toBe(3);
  expect(run.stdout).toContain("rsync can't be started");
  expect(run.stdout).toContain("apt-get install rsync");
  expect(metricsOf(world)).toMatchObject({ last_status: 3, last_success_timestamp: lastSuccess });
  await expectTargetUntouched();
});

test("copies but deletes nothing when a part of the source can't be read, and fails", async () => {
  const blind = `REAL "$@"; code=$?; echo "rsync: opendir failed" >&2; [ $code = 0 ] && exit 23; exit $code`;
  world.shadow("rsync", `case "$*" in *--dry-run*) ${blind};; *) exec REAL "$@";; esac`);
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("some of the source could not be read");
  const after = await snapshot(world, world.config.target.path);
  expect([...before.keys()].filter(name => !after.has(name))).toEqual([]);
  expect(after.has("new")).toBe(true);
  expect(metricsOf(world)).toMatchObject({ last_status: 1, last_success_timestamp: lastSuccess });
});

test("fails, and deletes nothing, when rsync could not copy everything and doesn't name what", async () => {
  world.shadow(
    "rsync",
    `case "$*" in *--dry-run*) exec REAL "$@";; *) REAL "$@"; echo "rsync: read errors" >&2; exit 23;; esac`,
  );
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("rsync could not copy everything (exit 23): rsync: read errors");
  const after = await snapshot(world, world.config.target.path);
  expect([...before.keys()].filter(name => !after.has(name))).toEqual([]);
  expect(metricsOf(world)).toMatchObject({ last_status: 1, last_success_timestamp: lastSuccess });
});

test("fails on a full target, deletes what went from the source and nothing else, and converges once there is space", async () => {
  const big = `${world.source}/big`;
  writeFileSync(big, Buffer.alloc(100 * 1024 * 1024, 1));
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("No space left on device");
  expect(run.stdout).toContain(`df -h ${world.config.target.path}`);
  expect(metricsOf(world)).toMatchObject({ last_status: 1, last_success_timestamp: lastSuccess });
  const after = await snapshot(world, world.config.target.path);
  expect([...before.keys()].filter(name => !after.has(name))).toEqual(["nasty/one"]);
  expect(journal().filter(name => name.endsWith(".reconcile"))).toHaveLength(1);
  rmSync(big);
  expect(await world.start().finished).toMatchObject({ status: 0 });
  await expectMirrored(world);
});
