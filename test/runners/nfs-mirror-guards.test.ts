import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { inTime, testLong } from "../long";
import { failingFolder } from "./support/failing-folder";
import { keptWorld } from "./support/kept-world";
import { createWorld, type World } from "./support/world";

let world: World;
keptWorld(async () => {
  world = await createWorld();
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
  return world;
});

async function mirror(args: string[] = [], env: Record<string, string> = {}) {
  return world.start(args, env).finished;
}

/** @param seconds time of each file, since 1970; by default now */
function fill(service: string, files: number, content: string, seconds?: number): void {
  mkdirSync(join(world.source, service), { recursive: true });
  for (let index = 0; index < files; index += 1) {
    const path = join(world.source, service, `f${index}`);
    writeFileSync(path, content);
    if (seconds !== undefined) utimesSync(path, seconds, seconds);
  }
}

const contents = (service: string): string[] => [
  ...new Set(
    readdirSync(join(world.target, service)).map(name =>
      readFileSync(join(world.target, service, name), "utf8"),
    ),
  ),
];

test("on a disk of whole seconds, files whose copies lack a part of one aren't others; what was encrypted is", async () => {
  const { path, fsUuid } = world.config.target;
  const image = join(world.folder, "dst.img");
  const day = 1_700_000_000.25;
  fill("docs", 60, "good", day);
  // After 2038, which the disk can't keep.
  fill("dated ahead", 60, "good", 4_000_000_000);
  await world.inside("umount", path);
  await execa("mke2fs", ["-q", "-F", "-t", "ext3", "-I", "128", "-U", fsUuid, image]);
  await world.mount("dst");
  for (let night = 0; night < 2; night += 1) expect(await mirror()).toMatchObject({ status: 0 });
  fill("docs", 60, "evil", day + 1);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("would get another content"), 1]);
  expect(contents("docs")).toEqual(["good"]);
  fill("docs", 60, "good", day);
  // What was written before inodes were larger has whole seconds from then on too.
  await world.inside("umount", path);
  await world.inside("e2fsck", "-f", "-p", image);
  await world.inside("tune2fs", "-I", "256", image);
  await world.mount("dst");
  expect(await mirror()).toMatchObject({ status: 0 });
});

test("a backup disk that turns read-only in the midst is told as that, with what was kept for other reasons", async () => {
  fill("docs", 5, "content");
  fill("gone", 5, "content");
  expect(await mirror()).toMatchObject({ status: 0 });
  fill("new", 3, "content of its own");
  rmSync(join(world.source, "gone"), { recursive: true });
  const { path } = world.config.target;
  world.shadow("rsync", `case "$*" in *--dry-run*) ;; *) mount -o remount,ro ${path};; esac; exec REAL "$@"`);
  const run = await mirror();
  expect(run.status).toBe(1);
  expect(run.stdout).toContain(`"${path}" is read-only by now`);
  expect(run.stdout).toMatch(/Kept: .*"gone": the source lacks all of it/);
  expect(run.stdout).toContain(`Next: dmesg --level err,warn | tail; findmnt ${path}`);
});

test("the answer for two services that were restored answers for no third", async () => {
  for (const service of ["docs", "mail"]) fill(service, 12, "new", 1_700_000_000);
  fill("wiki", 60, "good", 1_000_000_000);
  expect(await mirror()).toMatchObject({ status: 0 });
  for (const service of ["docs", "mail"]) fill(service, 12, "restored", 1_600_000_000);
  fill("wiki", 60, "evil", 1_750_000_000);
  const run = await mirror();
  expect(run.status).toBe(1);
  const [, answer = ""] =
    /if they are meant to be older: .* nfs-mirror (--accept=[^)]*)\)/.exec(run.stdout) ?? [];
  expect(answer).toBe("--accept=docs --accept=mail");
  const after = await mirror(answer.split(" "));
  expect([after.stdout, after.status]).toEqual([expect.stringContaining("nfs-mirror --accept=wiki"), 1]);
  expect([contents("docs"), contents("wiki")]).toEqual([["restored"], ["good"]]);
});

describe("what the estate says is made anew each night", () => {
  const mebibyte = 1024 * 1024;
  const ceilings = { count: 1000, percent: 100, bytesPercent: 50 };
  /** A dump's files, dated dumps at the root, and a folder whose files have new names each night. */
  function makeNight(night: number): void {
    fill("dump", 60, `night ${night}`);
    writeFileSync(join(world.source, `site "a" ${night}.sql`), Buffer.alloc(mebibyte, night));
    rmSync(join(world.source, `site "a" ${night - 2}.sql`), { force: true });
    rmSync(join(world.source, "clips"), { recursive: true, force: true });
    fill("clips", 30, "x");
    for (let index = 0; index < 30; index += 1)
      renameSync(join(world.source, `clips/f${index}`), join(world.source, `clips/${night}-${index}`));
  }
  beforeEach(() => {
    world.writeConfig({ maxDeletions: ceilings, rewritten: ["dump", 'site "a" *.sql', "cl*"] });
    writeFileSync(join(world.source, "media"), Buffer.alloc(mebibyte));
    makeNight(1);
  });

  test("goes and changes as the source has it", async () => {
    for (const night of [1, 2, 3]) {
      makeNight(night);
      expect(await mirror()).toMatchObject({ status: 0 });
      expect(contents("dump")).toEqual([`night ${night}`]);
      expect(readdirSync(join(world.target, "clips"))).toHaveLength(30);
    }
    expect(readdirSync(world.target).filter(name => name.startsWith("site"))).toEqual([
      'site "a" 2.sql',
      'site "a" 3.sql',
    ]);
  });

  test("waits for somebody once it isn't made, and is counted by the ceilings", async () => {
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(join(world.source, "dump"), { recursive: true });
    rmSync(join(world.source, 'site "a" 1.sql'));
    writeFileSync(join(world.source, 'site "a" 2.sql'), "");
    rmSync(join(world.source, "clips"), { recursive: true });
    mkdirSync(join(world.source, "clips"));
    const run = await mirror();
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('"dump": the source lacks all of it');
    expect(run.stdout).toContain('1.sql": the source lacks all of it');
    expect(run.stdout).toContain('"clips": the source has its folder, and no file in it any more');
    makeNight(3);
    world.writeConfig({
      maxDeletions: { ...ceilings, bytesPercent: 10 },
      rewritten: ["dump", 'site "a" *.sql', "clips"],
    });
    expect(await mirror()).toMatchObject({ status: 3 });
  });
});

test("what a copy that was cut left of a large file goes, and what only looks like it is kept", async () => {
  const image = (path: string, mebibytes: number): void =>
    writeFileSync(path, Buffer.alloc(mebibytes * 1024 * 1024, mebibytes), { mode: 0o600 });
  for (const name of ["vm.raw", ".hidden.raw"]) image(join(world.source, name), 3);
  fill("wiki", 3, "x");
  expect(await mirror()).toMatchObject({ status: 0 });
  for (const name of [".vm.raw.Ab3dE9", ".hidden.raw.Ab3dE9"]) image(join(world.target, name), 2);
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(readdirSync(world.target).filter(name => name.endsWith("E9"))).toEqual([]);
  image(join(world.target, ".old.raw.Ab3dE9"), 2);
  image(join(world.target, ".vm.raw.larger"), 4);
  const run = await mirror();
  expect(run.status).toBe(1);
  for (const name of [".old.raw.Ab3dE9", ".vm.raw.larger"])
    expect(run.stdout).toContain(`"${name}": the source lacks all of it`);
});

test("what a first run left that was killed goes, and nothing else does without a word", async () => {
  fill("docs/old", 3, "content");
  fill("wiki", 3, "x");
  mkdirSync(join(world.target, "docs/old"), { recursive: true });
  mkdirSync(join(world.target, "wiki"));
  writeFileSync(join(world.target, "docs/old/.f1.Ab3dE9"), "cont", { mode: 0o600 });
  writeFileSync(join(world.target, "wiki/.theirs.Ab3dE9"), "x", { mode: 0o600 });
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringContaining('"wiki": the source lacks some of it'),
    1,
  ]);
  expect(run.stdout).not.toContain('"docs"');
  expect(readdirSync(join(world.target, "docs/old")).sort()).toEqual(["f0", "f1", "f2"]);
  expect(readdirSync(join(world.target, "wiki"))).toContain(".theirs.Ab3dE9");
});

test("what a first run that was cut has copied is its own, until the config is another one", async () => {
  fill("docs", 3, "content");
  const leaves = `printf cut >${world.config.target.path}/docs/.gone.Ab3dE9`;
  world.shadow("rsync", `case "$*" in *--dry-run*) exec REAL "$@";; esac; REAL "$@"; ${leaves}; exit 12`);
  expect(await mirror()).toMatchObject({ status: 1 });
  world.unshadow("rsync");
  rmSync(join(world.source, "docs/f0"));
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(readdirSync(join(world.target, "docs")).sort()).toEqual(["f1", "f2"]);
  world.writeConfig({ excludes: ["other"] });
  writeFileSync(join(world.target, "docs/theirs"), "x");
  for (let night = 0; night < 2; night += 1)
    expect((await mirror()).stdout).toContain("this is the first run with this config");
  expect(readdirSync(join(world.target, "docs"))).toContain("theirs");
});

test.each(inTime(1, ["src/docs/bad", "dst/docs/bad"]))(
  "a folder that can't be read while files are counted, %s, holds up its service alone",
  async end => {
    fill("docs", 25, "x");
    fill("docs/bad", 3, "x");
    fill("wiki", 3, "x");
    expect(await mirror()).toMatchObject({ status: 0 });
    for (let index = 0; index < 25; index += 1) rmSync(join(world.source, "docs", `f${index}`));
    writeFileSync(join(world.source, "wiki/new"), "x");
    rmSync(join(world.source, "wiki/f0"));
    const run = await mirror([], failingFolder(world.folder, end));
    expect([run.stdout, run.status]).toEqual([expect.stringContaining('"docs": the source'), 1]);
    expect(readdirSync(join(world.target, "docs"))).toHaveLength(26);
    expect(readdirSync(join(world.target, "wiki")).sort()).toEqual(["f1", "f2", "new"]);
  },
);

test("a lost+found that can't be read is taken for one that holds something", async () => {
  fill("docs", 3, "x");
  expect(await mirror()).toMatchObject({ status: 0 });
  rmSync(join(world.source, "docs/f0"));
  const run = await mirror([], failingFolder(world.folder, "src/lost+found"));
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("its lost+found can't be read"), 1]);
  expect(readdirSync(join(world.target, "docs"))).toHaveLength(3);
});

test("what has another name in a service that is accepted makes no room below the ceiling for another one", async () => {
  fill("docs/old", 60, "x");
  // Of another size: within a second they would be taken for the others under other names.
  fill("wiki", 100, "of the wiki");
  expect(await mirror()).toMatchObject({ status: 0 });
  world.writeConfig({ maxDeletions: { count: 10, percent: 10, bytesPercent: 100 } });
  renameSync(join(world.source, "docs/old"), join(world.source, "docs/new"));
  for (let index = 0; index < 40; index += 1) rmSync(join(world.source, `wiki/f${index}`));
  const run = await mirror(["--accept=docs"]);
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("40 of the target's"), 3]);
  expect(readdirSync(join(world.target, "wiki"))).toHaveLength(100);
});

test("files in whose place the source has links, folders or pipes are lost", async () => {
  fill("docs", 60, "good");
  writeFileSync(join(world.source, "vm.raw"), Buffer.alloc(1024 * 1024, 1));
  expect(await mirror()).toMatchObject({ status: 0 });
  for (const name of ["vm.raw", ...Array.from({ length: 58 }, (_, index) => `docs/f${index}`)]) {
    rmSync(join(world.source, name));
    symlinkSync("elsewhere", join(world.source, name));
  }
  for (const name of ["docs/f58", "docs/f59"]) rmSync(join(world.source, name));
  mkdirSync(join(world.source, "docs/f58"));
  await execa("mkfifo", [join(world.source, "docs/f59")]);
  const run = await mirror();
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('"docs": 60 of the 60 files that it has would get another content');
  expect(run.stdout).toContain('"vm.raw": the source has 0 of its 1048576 bytes');
  expect(contents("docs")).toEqual(["good"]);
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 25 } });
  // What nobody answers for is held, and a small file's bytes count.
  expect(await mirror(["--accept=docs", "--accept=vm.raw"])).toMatchObject({ status: 0 });
  expect(await mirror()).toMatchObject({ status: 0 });
});

// nfs-mirror-replaced.test.ts has an old clone of many files.
testLong(
  "an old clone is known by a few large files too, when most of what changed is older in two services or more",
  async () => {
    for (const service of ["docs", "mail", "wiki"]) {
      fill(service, 3, "same", 1_000_000_000);
      fill(`${service}/data`, 2, "new", 1_700_000_000);
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    for (const service of ["docs", "mail", "wiki"]) {
      fill(`${service}/data`, 1, "old", 1_600_000_000);
      rmSync(join(world.source, service, "data/f1"));
    }
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("are newer here than at the source"),
      1,
    ]);
    for (const service of ["docs", "mail", "wiki"]) {
      expect(contents(`${service}/data`)).toEqual(["new"]);
      expect(readdirSync(join(world.target, service, "data"))).toHaveLength(2);
    }
  },
);
