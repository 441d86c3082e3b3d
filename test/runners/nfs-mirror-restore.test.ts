import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { inTime, long, testLong } from "../long";
import { versionsAnswer } from "../../plan/contracts/versions";
import { makeDiskImage, mountLiar } from "./support/disk-image";
import { makeNasty } from "./support/nasty";
import { rotFiles } from "./support/rot";
import type { FinishedRun } from "./support/started-run";
import { differences, snapshot, type Snapshot } from "./support/tree";
import { createWorld, type World } from "./support/world";

// What `nfs-mirror list`, `verify` and `restore` do, on real file systems, by the bundled runner.

let world: World;
let nasty: Snapshot;
let target: Snapshot;

const nastyIn = (root: string): string => join(root, "nasty");
const mirror = (...words: readonly string[]): Promise<FinishedRun> => world.start(words).finished;
const treeOf = (root: string): Promise<Snapshot> => snapshot(world, root, { shared: true });
const sourceOf = (service: string): string => join(world.config.source.path, service);
const aside = (): string[] => {
  const folder = join(world.source, ".holdfast-restore");
  return existsSync(folder) ? readdirSync(folder) : [];
};
const records = (): string[] => {
  const folder = join(world.config.stateDir, "restores");
  return existsSync(folder) ? readdirSync(folder) : [];
};

beforeAll(async () => {
  world = await createWorld();
  await makeNasty(world);
  mkdirSync(`${world.source}/app`);
  for (let index = 0; index < 30; index += 1)
    writeFileSync(`${world.source}/app/f${index}`, "x".repeat(index + 100));
  writeFileSync(`${world.source}/alone`, "a file is a service too");
  await world.inside("chmod", "0751", world.config.source.path);
  const first = await mirror();
  expect(first).toMatchObject({ status: 0 });
  nasty = await treeOf(nastyIn(world.config.target.path));
  target = await snapshot(world, world.config.target.path, { without: [".holdfast"], touched: true });
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

/** What strikes a service. */
function damage(): void {
  rmSync(`${world.source}/nasty/one`);
  writeFileSync(`${world.source}/nasty/two`, "ransom");
  writeFileSync(`${world.source}/nasty/new`, "nobody's copy yet");
}

async function expectMirrorUntouched(): Promise<void> {
  const now = await snapshot(world, world.config.target.path, { without: [".holdfast"], touched: true });
  expect(differences(target, now)).toEqual([]);
}

test("a service comes back with all that the mirror has of it, and what was there is kept with its undo", async () => {
  damage();
  const before = await treeOf(sourceOf("nasty"));
  const restored = await mirror("restore", "nasty");
  expect(restored).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
  const [kept = ""] = aside();
  expect(kept).toMatch(/^\d{8}T\d{6}Z$/);
  const keptPath = join(world.config.source.path, ".holdfast-restore", kept);
  expect(restored.stdout).toContain(`What was there is kept in ${keptPath}`);
  expect(differences(before, await treeOf(join(keptPath, "nasty")))).toEqual([]);

  // The next night takes neither the kept tree for a service, nor anything for a loss.
  const night = await mirror();
  expect(night).toMatchObject({ status: 0 });
  expect(night.stdout).toContain(keptPath);
  expect(existsSync(join(world.target, ".holdfast-restore"))).toBe(false);
  expect(differences(nasty, await treeOf(nastyIn(world.config.target.path)))).toEqual([]);

  const undo = /If it isn't: +(.*)$/m.exec(restored.stdout)?.[1] ?? "";
  expect(undo).toBe("nfs-mirror restore --rollback -- nasty");
  expect(await mirror(...undo.split(" ").slice(1))).toMatchObject({ status: 0 });
  expect(differences(before, await treeOf(sourceOf("nasty")))).toEqual([]);
});

test("once what was kept is removed by hand, nothing tells of it any more", async () => {
  damage();
  const restored = await mirror("restore", "nasty");
  const remove = /When all is well: (.*)$/m.exec(restored.stdout)?.[1] ?? "";
  await world.inside("sh", "-c", remove);
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(records()).toEqual([]);
  expect((await mirror("list")).stdout).not.toContain(".holdfast-restore");
});

test("paths of a service come back alone, also by names that no terminal shows, and what is beside them stays", async () => {
  rmSync(`${world.source}/nasty/dir\nwith\xffbreak`, { recursive: true, force: true });
  await world.inside("sh", "-c", 'rm -r "$1"/dir* && rm "$1"/-rf "$1"/two', "sh", sourceOf("nasty"));
  writeFileSync(`${world.source}/nasty/one`, "changed since");
  const restored = await mirror(...["restore", "--", "nasty", "dir\\x0awith\\xffbreak/inner", "-rf", "two"]);
  expect(restored).toMatchObject({ status: 0 });
  const now = await treeOf(sourceOf("nasty"));
  const expected = new Map(nasty);
  const own = differences(expected, now);
  // What was written since stays; "two" has no other name any more, as that one was not asked for.
  expect(own.map(line => JSON.parse(line.split("\n")[0] ?? '""') as string).sort()).toEqual(["one", "two"]);
  expect(readFileSync(`${world.source}/nasty/two`, "utf8")).toBe("linked");
});

test("into a folder: made for root alone, and nothing of the source or the mirror is touched", async () => {
  damage();
  const before = await treeOf(sourceOf("nasty"));
  const into = join(world.folder, "into");
  const restored = await mirror("restore", "nasty", "--into", into);
  expect(restored).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(join(into, "nasty")))).toEqual([]);
  expect(readdirSync(into)).toEqual(["nasty"]);
  expect((await world.inside("stat", "-c", "%a %u", into)).trim()).toBe("700 0");
  expect(differences(before, await treeOf(sourceOf("nasty")))).toEqual([]);
  await expectMirrorUntouched();
});

test("the holes of a file are read by no part of a restore: a disk of a terabyte that is all hole comes back at once", async () => {
  const disk = (root: string): string => join(root, "vm/disk");
  const bytes = 2 ** 40;
  mkdirSync(`${world.source}/vm`);
  for (const [name, at] of [
    ["begin", 0],
    ["middle", bytes / 2],
  ] as const)
    await world.inside(
      "sh",
      "-c",
      `printf ${name} | dd of="$1" bs=1 seek=${at} conv=notrunc status=none`,
      "sh",
      disk(world.config.source.path),
    );
  await world.inside("truncate", `--size=${bytes}`, disk(world.config.source.path));
  expect(await mirror()).toMatchObject({ status: 0 });
  const before = lstatSync(disk(world.source));
  rmSync(disk(world.source));
  expect(await mirror("restore", "vm")).toMatchObject({ status: 0 });
  const { size, mtimeMs, blocks } = lstatSync(disk(world.source));
  expect({ size, mtimeMs }).toEqual({ size: bytes, mtimeMs: before.mtimeMs });
  expect(blocks).toBeLessThan(1000);
  const middle = await world.inside(
    "sh",
    "-c",
    `dd if="$1" bs=1 skip=${bytes / 2} count=6 status=none`,
    "sh",
    disk(world.config.source.path),
  );
  expect(middle).toBe("middle");
  expect(readdirSync(join(world.source, ".holdfast-restore", aside()[0] ?? ""))).toEqual(["vm"]);
});

test("all services come back to a new file system, with what its root had", async () => {
  const whole = await snapshot(world, world.config.source.path);
  await world.inside("umount", world.config.source.path);
  await world.inside(
    "mkfs.ext4",
    "-q",
    "-F",
    "-U",
    world.config.source.fsUuid,
    join(world.folder, "src.img"),
  );
  await world.mount("src");
  expect(await mirror("restore", ".")).toMatchObject({ status: 0 });
  expect(differences(whole, await snapshot(world, world.config.source.path))).toEqual([]);
  expect(await mirror()).toMatchObject({ status: 0 });
});

test("a host that was set up anew knows nothing of earlier nights, and lists, verifies and restores all the same", async () => {
  rmSync(world.config.stateDir, { recursive: true });
  const listed = await mirror("list", "nasty");
  expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining("at a time that isn't known") });
  rmSync(world.config.stateDir, { recursive: true, force: true });
  expect(await mirror("verify", "nasty")).toMatchObject({ status: 0 });
  rmSync(world.config.stateDir, { recursive: true, force: true });
  damage();
  expect(await mirror("restore", "nasty")).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
});

test("without room for both trees nothing begins, and what is there stays", async () => {
  await world.inside("sh", "-c", `cat /dev/zero >${sourceOf("ballast")} || :`);
  damage();
  const refused = await mirror("restore", "app");
  expect(refused).toMatchObject({ status: 3, stdout: expect.stringMatching(/has room for \d+ bytes/) });
  expect([aside(), records()]).toEqual([[], []]);
});

test("nothing is restored into a mount point whose disk is away", async () => {
  await world.inside("umount", world.config.source.path);
  const refused = await mirror("restore", "nasty");
  expect(refused).toMatchObject({ status: 3 });
  expect(refused.stdout).toContain("is not a mount point");
  expect(await world.inside("ls", "-A", world.config.source.path)).toBe("");
});

test("what isn't there, isn't its own or leads elsewhere is refused, and leaves nothing", async () => {
  const refusals: readonly [readonly string[], number, string][] = inTime(5, [
    [["nastie"], 3, 'did you mean "nasty"'],
    [["nasty", "../app"], 2, "is no path in a service"],
    [["nasty", "--resume"], 3, "there is no restore"],
    [["nasty", "--at", "2001-01-01"], 3, "as of"],
    [["nasty", "--into", join(world.config.target.path, "x")], 3, "backup disk"],
    [["pvc-data"], 3, "not mirrored by this job"],
    [["nasty", "gone"], 3, "the mirror has no"],
    [["nasty", "--rollback"], 3, "there is no restore"],
  ]);
  for (const [words, status, says] of refusals) {
    const refused = await mirror("restore", ...words);
    expect({ words, ...refused }).toMatchObject({ words, status });
    expect(refused.stdout).toContain(says);
    expect([words, aside(), records()]).toEqual([words, [], []]);
  }
});

test("a dry run says what would be done, and does none of it", async () => {
  damage();
  const before = await snapshot(world, world.config.source.path, { touched: true });
  const dry = await mirror("restore", "nasty", "--dry-run");
  expect(dry).toMatchObject({ status: 0 });
  expect(dry.stdout).toContain(`would replace "${sourceOf("nasty")}", and keep what is there`);
  expect(differences(before, await snapshot(world, world.config.source.path, { touched: true }))).toEqual([]);
  expect(records()).toEqual([]);
});

/** Holds the first call of a program that matches, until the run is ended. */
function gate(program: string, when: string): () => boolean {
  const reached = join(world.folder, "reached");
  const hold = `touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done`;
  world.shadow(program, `case "$*" in ${when}) [ -e ${reached} ] || { ${hold}; };; esac; exec REAL "$@"`);
  return () => existsSync(reached);
}

const copying = { step: "while it copies", program: "rsync", when: "*--files-from*" };
const comparing = { step: "while it compares", program: "rsync", when: "*--checksum*--files-from*" };
// Of the two programs that a restore has perl run, the one with a renameat2(AT_FDCWD, …).
const placing = { step: "before it changes places", program: "perl", when: "*-100*" };

// A SIGTERM is also told while it changes places, below.
test.each(
  inTime(1, [
    { ...placing, signal: "SIGKILL" as const },
    { ...copying, signal: "SIGTERM" as const },
    { ...comparing, signal: "SIGKILL" as const },
  ]),
)(
  "$signal $step: the old tree is there, no night touches the mirror, and it can be resumed",
  async ({ program, when, signal }) => {
    damage();
    const before = await treeOf(sourceOf("nasty"));
    const reached = gate(program, when);
    const run = world.start(["restore", "nasty"]);
    await run.until(reached);
    run.kill(signal);
    world.unshadow(program);
    const ended = await run.finished;
    if (signal === "SIGTERM") {
      expect(ended.status).toBe(143);
      expect(ended.stdout).toContain("--resume -- nasty");
    }
    if (program === "rsync") expect(differences(before, await treeOf(sourceOf("nasty")))).toEqual([]);

    writeFileSync(`${world.source}/app/fresh`, "mirrored all the same, of a size of its own");
    const night = await mirror();
    expect(night).toMatchObject({ status: 1 });
    expect(night.stdout).toMatch(/"nasty": a restore of it was cut/);
    expect(night.stdout).toContain("Next: nfs-mirror restore --resume -- nasty");
    expect(existsSync(`${world.target}/app/fresh`)).toBe(true);
    expect(differences(nasty, await treeOf(nastyIn(world.config.target.path)))).toEqual([]);
    const listed = await mirror("list", "nasty");
    expect(listed.stdout).toContain("a restore of it was cut");
    expect(await mirror("restore", "nasty")).toMatchObject({ status: 3 });

    expect(await mirror("restore", "nasty", "--resume")).toMatchObject({ status: 0 });
    expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
    expect(await mirror()).toMatchObject({ status: 0 });
  },
);

// That a restore that was cut is resumed is tested above.
testLong(
  "SIGKILL while a file with large holes is copied: once it was resumed, nothing of it is kept beside what was there",
  async () => {
    const large = `${world.source}/app/large`;
    writeFileSync(large, "begin");
    truncateSync(large, 70 * 2 ** 20);
    expect(await mirror()).toMatchObject({ status: 0 });
    const reached = join(world.folder, "reached");
    world.shadow(
      "cp",
      `REAL "$@"; [ -e ${reached} ] || { touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done; }`,
    );
    const run = world.start(["restore", "app"]);
    await run.until(() => existsSync(reached));
    run.kill("SIGKILL");
    world.unshadow("cp");
    await run.finished;
    expect(await mirror("restore", "--resume", "--", "app")).toMatchObject({ status: 0 });
    const [kept = ""] = aside();
    expect(readdirSync(join(world.source, ".holdfast-restore", kept))).toEqual(["app"]);
    expect(readFileSync(large).subarray(0, 5).toString()).toBe("begin");
  },
);

test("SIGKILL while what was copied is removed: what would still do that doesn't remove what a resumed one has kept", async () => {
  damage();
  const before = await treeOf(sourceOf("nasty"));
  const copied = gate(copying.program, copying.when);
  const begun = world.start(["restore", "nasty"]);
  await begun.until(copied);
  begun.kill("SIGTERM");
  world.unshadow(copying.program);
  await begun.finished;
  const [pid, go] = [join(world.folder, "pid"), join(world.folder, "go")];
  world.shadow(
    "rm",
    `[ -e ${pid} ] || { echo $$ >${pid}.part; mv ${pid}.part ${pid}; while [ ! -e ${go} ]; do sleep 0.05; done; }; exec REAL "$@"`,
  );
  const undoing = world.start(["restore", "--rollback", "--", "nasty"]);
  await undoing.until(() => existsSync(pid));
  undoing.kill("SIGKILL");
  await undoing.finished;
  expect(await mirror("restore", "--resume", "--", "nasty")).toMatchObject({ status: 0 });
  writeFileSync(go, "");
  await world.inside("sh", "-c", `while kill -0 "$(cat ${pid})" 2>/dev/null; do sleep 0.05; done`);
  world.unshadow("rm");
  const [kept = ""] = aside();
  expect(differences(before, await treeOf(sourceOf(`.holdfast-restore/${kept}/nasty`)))).toEqual([]);
});

test("SIGTERM while it changes places: that ends first, and is told as what it is", async () => {
  damage();
  const reached = gate(placing.program, placing.when);
  const run = world.start(["restore", "nasty"]);
  await run.until(reached);
  run.kill("SIGTERM");
  world.unshadow(placing.program);
  expect(await run.finished).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
});

test.each(long ? ["--resume", "--rollback"] : ["--rollback"])(
  "SIGKILL when one of two has changed places: all of one tree is there after %s",
  async how => {
    damage();
    rmSync(`${world.source}/app/f3`);
    const before = await snapshot(world, world.config.source.path);
    const reached = join(world.folder, "reached");
    world.shadow(
      "perl",
      `case "$*" in ${placing.when}) ;; *) exec REAL "$@";; esac; REAL "$@"; code=$?; [ $code = 17 ] || { touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done; }; exit $code`,
    );
    const run = world.start(["restore", "."]);
    await run.until(() => existsSync(reached));
    run.kill("SIGKILL");
    world.unshadow("perl");
    await run.finished;
    const night = await mirror();
    expect(night).toMatchObject({ status: 1 });
    expect(night.stdout).toContain("some of it may be replaced");
    expect(differences(nasty, await treeOf(nastyIn(world.config.target.path)))).toEqual([]);
    expect(await mirror("restore", ".", how)).toMatchObject({ status: 0 });
    const now = await snapshot(world, world.config.source.path, { without: [".holdfast-restore"] });
    if (how === "--rollback") expect(differences(before, now)).toEqual([]);
    else expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
    expect(existsSync(`${world.source}/app/f3`)).toBe(how === "--resume");
  },
);

// So does one that was killed, above; one that has no room from its start is refused.
testLong(
  "a disk that is full in the midst of it cuts a restore: no night takes what is there for good, and it goes on once there is room",
  async () => {
    damage();
    const filler = join(world.config.source.path, "filler");
    world.shadow(
      "rsync",
      `case "$*" in *--dry-run*) ;; *--files-from*) [ -e ${filler} ] || head -c 400M /dev/zero >${filler} 2>/dev/null;; esac; exec REAL "$@"`,
    );
    const full = await mirror("restore", "nasty");
    expect(full).toMatchObject({ status: 1 });
    expect(full.stdout).toContain("No space left on device");
    expect(full.stdout).toContain("--resume -- nasty");
    world.unshadow("rsync");
    await world.inside("rm", filler);
    const night = await mirror();
    expect(night.stdout).toMatch(/"nasty": a restore of it was cut/);
    expect(differences(nasty, await treeOf(nastyIn(world.config.target.path)))).toEqual([]);
    expect(await mirror("restore", "--resume", "--", "nasty")).toMatchObject({ status: 0 });
    expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
  },
);

// A restore of all that was cut is one of all of them, below.
testLong(
  "one service of a restore of all isn't taken back alone, and the last restore is taken back first whatever the clock says",
  async () => {
    damage();
    expect(await mirror("restore", ".")).toMatchObject({ status: 0 });
    const alone = await mirror("restore", "--rollback", "--", "nasty");
    expect(alone).toMatchObject({
      status: 3,
      stdout: expect.stringContaining("nfs-mirror restore --rollback -- ."),
    });
    const [first = ""] = records();
    const file = join(world.config.stateDir, "restores", first);
    const ahead = "20990101T000000Z-2";
    const id = first.replace(".json", "");
    const text = readFileSync(file, "utf8").replaceAll(id, ahead);
    rmSync(file);
    writeFileSync(join(world.config.stateDir, "restores", `${ahead}.json`), text);
    renameSync(`${world.source}/.holdfast-restore/${id}`, `${world.source}/.holdfast-restore/${ahead}`);
    writeFileSync(`${world.source}/nasty/three`, "written after the first restore");
    expect(await mirror("restore", "nasty")).toMatchObject({ status: 0 });
    expect(existsSync(`${world.source}/nasty/three`)).toBe(false);
    expect(await mirror("restore", "--rollback", "--", "nasty")).toMatchObject({ status: 0 });
    expect(existsSync(`${world.source}/nasty/three`)).toBe(true);
  },
);

test("a cut restore whose folder somebody removed ends, and says of each item which one is there", async () => {
  damage();
  const run = world.start(["restore", "nasty"]);
  const reached = gate(placing.program, placing.when);
  await run.until(reached);
  run.kill("SIGKILL");
  world.unshadow(placing.program);
  await run.finished;
  await world.inside("rm", "-rf", sourceOf(".holdfast-restore"));
  const resumed = await mirror("restore", "--resume", "--", "nasty");
  expect(resumed).toMatchObject({ status: 1 });
  expect(resumed.stdout).toContain("Next: nfs-mirror restore --rollback -- nasty");
  const ended = await mirror("restore", "--rollback", "--", "nasty");
  expect(ended).toMatchObject({ status: 1 });
  expect(ended.stdout).toContain("what was there before of: nasty");
  expect(ended.stdout).toContain("nfs-mirror restore -- nasty");
  expect(records()).toEqual([]);
  expect(await mirror("restore", "--", "nasty")).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
});

test("a restore of all that is cut in the first file system is one of all of them, until it is resumed or taken back", async () => {
  const image = join(world.folder, "photos.img");
  await makeDiskImage(image, 16);
  await world.inside("mkdir", sourceOf("photos"));
  await world.inside("mount", "-o", "loop", image, sourceOf("photos"));
  try {
    await world.inside("sh", "-c", `echo good >${sourceOf("photos")}/album`);
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.inside("sh", "-c", `echo ransom >${sourceOf("photos")}/album`);
    damage();
    const reached = gate(placing.program, placing.when);
    const run = world.start(["restore", "."]);
    await run.until(reached);
    run.kill("SIGKILL");
    world.unshadow(placing.program);
    await run.finished;
    const night = await mirror();
    expect(night.stdout).toMatch(/"photos": a restore of it was cut: nothing of it has been replaced/);
    const album = (): Promise<string> => world.inside("cat", `${sourceOf("photos")}/album`);
    expect(await mirror("restore", "--resume", "--", ".")).toMatchObject({ status: 0 });
    expect([existsSync(`${world.source}/nasty/new`), await album()]).toEqual([false, "good"]);
    expect(await mirror("restore", "--rollback", "--", ".")).toMatchObject({ status: 0 });
    expect([existsSync(`${world.source}/nasty/new`), await album()]).toEqual([true, "ransom"]);
  } finally {
    await world.inside("umount", sourceOf("photos"));
  }
});

// --rollback of one that has begun to change places is tested above.
testLong("a restore that was cut is given up: what was there is there, and nothing else", async () => {
  damage();
  const before = await treeOf(sourceOf("nasty"));
  const reached = gate("rsync", "*--files-from*");
  const run = world.start(["restore", "nasty"]);
  await run.until(reached);
  run.kill("SIGKILL");
  await run.finished;
  world.unshadow("rsync");
  const begun = (await mirror("--unfinished")).stdout.split("\t");
  expect(begun).toEqual([
    join(world.config.stateDir, "restores", records()[0] ?? ""),
    "a restore of nasty that was cut, or goes on",
    expect.stringMatching(/^nfs-mirror restore --resume -- nasty .* --rollback -- nasty\)\n$/),
  ]);
  expect(await mirror("restore", "nasty", "--rollback")).toMatchObject({ status: 0 });
  expect(differences(before, await treeOf(sourceOf("nasty")))).toEqual([]);
  expect([aside(), records()]).toEqual([[], []]);
  expect((await mirror("--unfinished")).stdout).toBe("");
});

test("a record that can't be read holds the service that it is of, by what is left of it or beside the services, and no other", async () => {
  damage();
  expect(await mirror("restore", "nasty")).toMatchObject({ status: 0 });
  const file = join(world.config.stateDir, "restores", records()[0] ?? "");
  const whole = JSON.parse(readFileSync(file, "utf8")) as object;
  const night = async (record: string, fresh: string): Promise<FinishedRun> => {
    writeFileSync(file, record);
    writeFileSync(`${world.source}/nasty/two`, `half of something, as of ${fresh}`);
    writeFileSync(`${world.source}/app/fresh`, `of a size of its own: ${fresh}`);
    const ended = await mirror();
    expect(readFileSync(`${world.target}/app/fresh`, "utf8")).toContain(fresh);
    return ended;
  };
  // As an earlier version would have written it, and one that a disk has cut.
  const earlier = JSON.stringify({ ...whole, state: "placing", lacked: undefined, first: undefined });
  for (const [record, fresh] of [
    [earlier, "one"],
    ["{", "one more"],
  ] as const) {
    const held = await night(record, fresh);
    expect([held.status, held.stdout]).toEqual([
      1,
      expect.stringMatching(
        /copy of 1 entries .*: "nasty": the record of a restore can't be read: .*\.json: /,
      ),
    ]);
    expect(held.stdout).toContain(`once the services are as they should be: rm ${file}`);
    expect(differences(nasty, await treeOf(nastyIn(world.config.target.path)))).toEqual([]);
  }
  expect((await mirror("--unfinished")).stdout).toContain(`${file}\tthe record of a restore can't be read`);
  expect((await mirror("list")).stdout).toContain(file);
  expect(await mirror("restore", "nasty")).toMatchObject({ status: 3 });
  expect(await mirror("restore", "alone")).toMatchObject({ status: 0 });

  // One that has ended holds nothing, and is told.
  const over = await night(JSON.stringify({ ...whole, first: undefined }), "the third one");
  expect([over.status, over.stdout]).toEqual([0, expect.stringContaining(`can't be read: ${file}`)]);
  expect(readFileSync(`${world.target}/nasty/two`, "utf8")).toContain("the third one");
});

test("what rots while it is copied is no success, and nothing is replaced", async () => {
  damage();
  const before = await treeOf(sourceOf("nasty"));
  world.shadow(
    "rsync",
    `REAL "$@"; code=$?; case "$*" in *--dry-run*) ;; *) for f in ${sourceOf(".holdfast-restore")}/*/nasty/setuid; do touch -r "$f" ${world.folder}/time; printf y >"$f"; touch -r ${world.folder}/time "$f"; done;; esac; exit $code`,
  );
  const failed = await mirror("restore", "nasty");
  expect(failed).toMatchObject({ status: 1 });
  expect(failed.stdout).toContain("aren't what the mirror has: nasty/setuid");
  expect(differences(before, await treeOf(sourceOf("nasty")))).toEqual([]);
  world.unshadow("rsync");
  expect(await mirror("restore", "nasty", "--resume")).toMatchObject({ status: 0 });
  expect(differences(nasty, await treeOf(sourceOf("nasty")))).toEqual([]);
});

test("what the disk there doesn't take is no success, though another program is told so first", async () => {
  writeFileSync(`${world.source}/app/large`, Buffer.alloc(16 * 2 ** 20, "text"));
  expect(await mirror()).toMatchObject({ status: 0 });
  const into = await mountLiar(world.inside, world.folder);
  world.shadow("rsync", `REAL "$@"; ended=$?; sync -f ${into}; exit $ended`);
  const { status, stderr, stdout } = await mirror("restore", "app", "--into", into);
  world.unshadow("rsync");
  expect([stdout + stderr, status]).toEqual([
    expect.stringContaining("what was copied can't be written to disk: syncfs ended with"),
    1,
  ]);
  await world.inside("umount", into, join(world.folder, "small"));
});

test("a link in the place of a folder leads no restore out of the tree", async () => {
  const outside = join(world.folder, "outside");
  mkdirSync(outside);
  rmSync(`${world.source}/nasty/dir`, { recursive: true, force: true });
  await world.inside(
    "sh",
    "-c",
    'rm -r "$1"/dir*; ln -s "$2" "$(printf "$1/dir\\nwith\\377break")"',
    "sh",
    sourceOf("nasty"),
    outside,
  );
  const refused = await mirror("restore", "nasty", "dir\\x0awith\\xffbreak/inner");
  expect(refused).toMatchObject({ status: 1 });
  expect(refused.stdout).toContain("is no folder");
  expect(readdirSync(outside)).toEqual([]);
});

test("the list says what there is and of when; what is held is told with its reason", async () => {
  const json = async (...words: readonly string[]) =>
    JSON.parse((await mirror(...words, "--json")).stdout) as { services: Record<string, unknown>[] };
  const { services } = await json("list");
  expect(services.map(({ service }) => service)).toEqual(["alone", "app", "nasty", "other-service"]);
  const [, app] = services;
  expect(app).toMatchObject({
    entries: 31,
    bytes: 30 * 100 + 435,
    lacks: [],
    asOf: expect.stringMatching(/Z$/),
  });
  expect(app).not.toHaveProperty("frozen");
  const { versions } = versionsAnswer.parse(await json("list", "--versions"));
  expect(versions.map(({ of }) => of)).toEqual(["alone", "app", "nasty", "other-service"]);
  expect(versions[1]).toMatchObject({
    at: app?.["asOf"],
    path: expect.stringMatching(/\/dst\/app$/),
    lacks: [],
  });
  rmSync(`${world.source}/app`, { recursive: true });
  mkdirSync(`${world.source}/app`);
  expect(await mirror()).toMatchObject({ status: 1 });
  const [held] = (await json("list", "app")).services;
  expect(JSON.stringify(held)).toContain("lacks");
  expect(held).toMatchObject({
    service: "app",
    asOf: expect.any(String),
    next: expect.stringContaining("--accept=app"),
  });
});

test("verify says what differs from the source, and changes nothing", async () => {
  const clean = await mirror("verify");
  expect(clean).toMatchObject({ status: 0 });
  expect(clean.stdout).toContain("nasty: no checksums are on record");
  expect(clean.stdout).toContain("the source is the same");
  // A name that is a file of its own by now, with all that the shared one has.
  const [folder, two] = [join(world.source, "nasty"), join(world.source, "nasty/two")];
  await world.inside("touch", "-r", folder, join(world.folder, "stamp"));
  await world.inside("cp", "-a", two, `${two}.new`);
  await world.inside("mv", `${two}.new`, two);
  await world.inside("touch", "-r", join(world.folder, "stamp"), folder);
  expect((await mirror("verify", "nasty")).stdout).toMatch(/of its own in the source: nasty\/two/);
  damage();
  const differs = await mirror("verify", "nasty");
  expect(differs).toMatchObject({ status: 0 });
  expect(differs.stdout).toMatch(/\d+ entries differ from the source as it is now/);
  expect(differs.stdout).toContain("*deleting");
  await expectMirrorUntouched();
});

describe("a service that is a file system of its own, with another one in it", () => {
  let photos: Snapshot;

  beforeEach(async () => {
    for (const [name, path] of [
      ["photos", "photos"],
      ["raw", "photos/raw"],
    ] as const) {
      const image = join(world.folder, `${name}.img`);
      await makeDiskImage(image, 16);
      await world.inside("mkdir", "-p", sourceOf(path));
      await world.inside("mount", "-o", "loop", image, sourceOf(path));
      await world.inside(
        "sh",
        "-c",
        `mkdir ${sourceOf(path)}/album; echo ${name} >${sourceOf(path)}/album/${name}`,
      );
    }
    await world.inside("chown", "1000:1001", sourceOf("photos"));
    await world.inside("chmod", "0750", sourceOf("photos"));
    expect(await mirror()).toMatchObject({ status: 0 });
    photos = await snapshot(world, sourceOf("photos"), { shared: true });
  });
  afterEach(() => world.inside("umount", sourceOf("photos/raw"), sourceOf("photos")));

  const withoutAsides = async (): Promise<Snapshot> =>
    new Map(
      [
        ...(await snapshot(world, sourceOf("photos"), { shared: true, without: [".holdfast-restore"] })),
      ].filter(([name]) => !name.startsWith("raw/.holdfast-restore")),
    );

  test("comes back in its own place with its root, and what the mirror lacks goes aside; each file system by itself", async () => {
    const whole = await mirror("restore", "photos");
    expect(whole).toMatchObject({
      status: 3,
      stdout: expect.stringContaining("in the midst of what would be replaced"),
    });
    await world.inside("umount", sourceOf("photos/raw"));
    const away = await mirror("restore", "photos", "raw");
    expect(away).toMatchObject({
      status: 3,
      stdout: expect.stringContaining("is not the file system that belongs there"),
    });
    await world.inside("mount", "-o", "loop", join(world.folder, "raw.img"), sourceOf("photos/raw"));

    await world.inside(
      "sh",
      "-c",
      `cd ${sourceOf("photos")}; rm -r album raw/album; echo pay >README; echo pay >raw/README; chmod 0777 raw`,
    );
    for (const path of ["album", "raw"])
      expect(await mirror("restore", "photos", path)).toMatchObject({ status: 0 });
    const now = await withoutAsides();
    expect(differences(photos, now).map(line => line.split("\n")[0])).toEqual(['"README"', '"raw"']);
    // Its time is that of the last change of its entries.
    expect(now.get("raw")).toContain("mode 40755 ");
    expect(await world.inside("cat", "--", ...(await asides("photos/raw", "README")))).toBe("pay");
    // What is aside on each of them is nobody's data.
    const night = await mirror();
    expect(night).toMatchObject({ status: 0 });
    expect(await world.inside("find", world.config.target.path, "-name", ".holdfast-restore")).toBe("");
    expect((await mirror("verify", "photos")).stdout).toContain("photos: ");

    expect(await mirror("restore", "photos", "--rollback")).toMatchObject({ status: 0 });
    expect(await world.inside("sh", "-c", `cd ${sourceOf("photos")}/raw; stat -c %a .; cat README; ls`)).toBe(
      "777\npay\nREADME\nlost+found",
    );
  });

  async function asides(path: string, name: string): Promise<string[]> {
    const found = await world.inside("sh", "-c", `ls -d ${sourceOf(path)}/.holdfast-restore/*/${name}`);
    return found.trim().split("\n");
  }
});

test("verify finds what rotted since a scrub has recorded it, and no restore of it is a success", async () => {
  const { fsUuid, path } = world.config.target;
  const common = { host: "pve", budgetMs: 600_000, pushgateway: world.config.pushgateway };
  const sumsDir = join(world.folder, "scrub-state");
  const config = {
    ...{ ...common, job: "backup-scrub", target: { path, fsUuid }, periodMs: 1, generations: [] },
    ...{ sources: [], accepted: [], writers: [], stateDir: sumsDir },
    textfile: join(world.folder, "textfile", "backup-scrub.prom"),
  };
  const scrub = await world.addJob("backup-scrub", config);
  world.writeConfig({ sumsDir });
  expect(await scrub().finished).toMatchObject({ status: 0 });
  const good = await mirror("verify", "app");
  expect(good).toMatchObject({ status: 0 });
  expect(good.stdout).toContain(
    "app: 30 files hold what was recorded of them, of 0 nothing is on record; 0 are bad",
  );
  const { ino } = lstatSync(`${world.target}/app/f7`);
  const blockBytes = Number(await world.inside("stat", "-f", "-c", "%S", path));
  await world.inside("umount", path);
  await rotFiles(join(world.folder, "dst.img"), [ino], { blockBytes });
  await world.mount("dst");
  const bad = await mirror("verify", "app", "--json");
  expect(bad).toMatchObject({ status: 1 });
  expect(JSON.parse(bad.stdout)).toMatchObject({
    services: [
      {
        recorded: { good: 29, unrecorded: 0 },
        bad: [{ name: "app/f7", reason: expect.stringContaining("recorded") }],
      },
    ],
    next: expect.stringContaining("backup-scrub"),
  });
  // It comes back as what it is, and that is no success.
  rmSync(`${world.source}/app/f7`);
  const restored = await mirror("restore", "app");
  expect([restored.stdout, restored.status]).toEqual([
    expect.stringMatching(/1 files of the copy are not what was recorded of them, first "app\/f7"/),
    1,
  ]);
  expect(restored.stdout).toContain("restore --rollback -- app");
});

test("what the mirror can't be read of is left out and named; all else comes back, and what was there is kept", async () => {
  damage();
  const place = sourceOf("nasty");
  world.shadow(
    "rsync",
    `case "$*" in *--files-from*) REAL --exclude=setuid "$@" || exit
echo 'rsync: [sender] send_files failed to open "${world.config.target.path}/nasty/setuid": Input/output error (5)' >&2
exit 23;; esac; exec REAL "$@"`,
  );
  const partial = await mirror("restore", "nasty");
  expect(partial).toMatchObject({ status: 1 });
  expect(partial.stdout).toContain(
    "1 entries can't be brought back, as the mirror can't be read there: nasty/setuid",
  );
  world.unshadow("rsync");
  const [lacking, ...more] = differences(nasty, await treeOf(place));
  expect([lacking?.split("\n")[0], more]).toEqual(['"setuid"', []]);
  const [kept = ""] = aside();
  expect(existsSync(`${world.source}/.holdfast-restore/${kept}/nasty/setuid`)).toBe(true);
  // The mirror has the only copy there is of it, also once what was kept is removed and something else has its name.
  const held = async (): Promise<void> => {
    const night = await mirror();
    expect([night.stdout, night.status]).toEqual([
      expect.stringMatching(/"nasty\/setuid": a restore has left it out.*\n.*\n.*--accept=nasty/),
      1,
    ]);
    expect(readFileSync(`${world.target}/nasty/setuid`)).toEqual(copy);
  };
  const copy = readFileSync(`${world.target}/nasty/setuid`);
  await held();
  rmSync(`${world.source}/.holdfast-restore`, { recursive: true });
  await held();
  writeFileSync(`${world.source}/nasty/setuid`, "an application made it anew");
  await held();
  expect(await mirror("--accept=nasty")).toMatchObject({ status: 0 });
  expect(readFileSync(`${world.target}/nasty/setuid`, "utf8")).toBe("an application made it anew");
  expect(records()).toEqual([]);
});

// What a restore has left out stays on the mirror, above.
testLong(
  "what a restore to a new disk has left out stays on the mirror until it is back as it was",
  async () => {
    await world.inside("rm", "-r", sourceOf("app"));
    world.shadow(
      "rsync",
      `case "$*" in *--files-from*) REAL --exclude=f7 "$@" || exit
echo 'rsync: [sender] send_files failed to open "${world.config.target.path}/app/f7": Input/output error (5)' >&2
exit 23;; esac; exec REAL "$@"`,
    );
    expect(await mirror("restore", "app")).toMatchObject({ status: 1 });
    world.unshadow("rsync");
    expect(await mirror()).toMatchObject({ status: 1 });
    await world.inside("cp", "-p", `${world.config.target.path}/app/f7`, sourceOf("app"));
    expect(await mirror()).toMatchObject({ status: 0 });
    expect(records()).toEqual([]);
  },
);

test("a service that nobody may rename is named with what mends it, and goes on from there", async () => {
  const immutable = sourceOf("app");
  await world.inside("chattr", "+i", immutable);
  const cut = await mirror("restore", "app");
  await world.inside("chattr", "-i", immutable);
  expect(cut.status).toBe(1);
  expect(cut.stdout).toContain(`"${immutable}" can't change places: Operation not permitted`);
  expect(cut.stdout).toContain(`Next: lsattr -d ${immutable} ${world.config.source.path} `);
  expect(cut.stdout).toContain("then nfs-mirror restore --resume -- app");
  expect(cut.stdout).not.toContain("/proc/");
  expect(await mirror("restore", "--resume", "app")).toMatchObject({ status: 0 });
});
