import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { inTime, testLong } from "../long";
import { expectMirrored } from "./support/tree";
import { createWorld, type World } from "./support/world";

let world: World;

const mebibyte = 1024 * 1024;

async function mirror(...args: string[]) {
  return world.start(args).finished;
}

/** Gives a name a file of its own, with all that the shared one had but for its mode. */
function splitOff(path: string, mode: number): void {
  const { atime, mtime } = statSync(path);
  const own = `${path}.own`;
  copyFileSync(path, own);
  utimesSync(own, atime, mtime);
  renameSync(own, path);
  chmodSync(path, mode);
}

/** Arguments of each call of rsync from now on. */
function watchRsync(): () => string[] {
  const calls = join(world.folder, "calls");
  world.shadow("rsync", `echo "$*" >>${calls}; exec REAL "$@"`);
  return () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
}

/** A world is made once, a good night included, and put back for each test. */
function madeOnce(make: () => Promise<void>): void {
  beforeAll(async () => {
    await make();
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.keep();
  });
  beforeEach(() => world.goBack());
  afterAll(() => world.close());
}

describe("names that stopped being links", () => {
  madeOnce(async () => {
    world = await createWorld();
    mkdirSync(`${world.source}/app/sub`, { recursive: true });
    writeFileSync(`${world.source}/app/one`, "linked");
    utimesSync(`${world.source}/app/one`, 1_700_000_000, 1_700_000_000);
    for (const name of ["app/two", "app/sub/three", "app/sub/four"])
      linkSync(`${world.source}/app/one`, join(world.source, name));
  });

  test("are files of their own again, each with its own mode, and the others stay linked", async () => {
    splitOff(`${world.source}/app/two`, 0o600);
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });

  test("are told apart also where content and metadata are the same, and join others", async () => {
    splitOff(`${world.source}/app/two`, 0o644);
    rmSync(`${world.source}/app/sub/three`);
    linkSync(`${world.source}/app/two`, `${world.source}/app/sub/three`);
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
    expect(statSync(`${world.target}/app/two`).nlink).toBe(2);
  });
});

describe("a night with a few changes", () => {
  madeOnce(async () => {
    world = await createWorld();
    for (const name of ["a", "b", "c"]) {
      mkdirSync(`${world.source}/${name}`);
      for (let index = 0; index < 5; index += 1) writeFileSync(`${world.source}/${name}/f${index}`, "x");
    }
    linkSync(`${world.source}/a/f0`, `${world.source}/b/linked`);
  });

  test("looks at the tree once: what is copied and deleted is listed", async () => {
    for (const name of ["#note", ";note", "-rf", "line\nbreak"])
      writeFileSync(join(world.source, name), name);
    appendFileSync(`${world.source}/a/f1`, "more");
    rmSync(`${world.source}/b`, { recursive: true });
    writeFileSync(`${world.source}/b`, "now a file");
    rmSync(`${world.source}/c/f2`);
    const calls = watchRsync();
    expect(await mirror("--accept", "b")).toMatchObject({ status: 0 });
    // The last one keeps what the source's root has, and no entry of it.
    expect(calls().filter(call => !call.includes("--files-from"))).toEqual([
      expect.stringContaining("--dry-run"),
      expect.stringContaining("--exclude=*"),
    ]);
    await expectMirrored(world);
    expect(await world.inside("stat", "--format", "%u:%g %a", world.config.target.path)).toBe("0:0 700");
  });

  test("a new name of a file that did not change is a link to it", async () => {
    linkSync(`${world.source}/a/f0`, `${world.source}/c/another`);
    linkSync(`${world.source}/a/f3`, `${world.source}/c/f3-too`);
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
    expect(statSync(`${world.target}/a/f0`).nlink).toBe(3);
  });
});

describe("a renamed folder on a mirror that is more than half full", () => {
  const big = (path: string): void => writeFileSync(path, Buffer.alloc(36 * mebibyte, path));

  madeOnce(async () => {
    world = await createWorld({ sourceMb: 96, targetMb: 64 });
    mkdirSync(`${world.source}/films/old`, { recursive: true });
    big(`${world.source}/films/old/one`);
    for (let index = 0; index < 20; index += 1) writeFileSync(`${world.source}/films/old/f${index}`, "x");
  });

  // So is one with files of several names, below.
  testLong("is renamed there too, and is no deletion to the ceiling", async () => {
    renameSync(`${world.source}/films`, `${world.source}/cinema`);
    const run = await mirror("--json");
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    await expectMirrored(world);
  });

  test("is renamed there too with files of several names, which stay linked", async () => {
    for (const name of ["two", "f1-too"])
      mkdirSync(`${world.source}/films/old/more/${name}`, { recursive: true });
    linkSync(`${world.source}/films/old/one`, `${world.source}/films/old/more/two/one`);
    linkSync(`${world.source}/films/old/f1`, `${world.source}/films/old/more/f1-too/f1`);
    // That one keeps a name.
    linkSync(`${world.source}/films/old/f2`, `${world.source}/f2`);
    expect(await mirror()).toMatchObject({ status: 0 });
    const { ino } = statSync(`${world.target}/films/old/one`);
    renameSync(`${world.source}/films/old`, `${world.source}/films/new`);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    await expectMirrored(world);
    expect(statSync(`${world.target}/films/new/more/two/one`)).toMatchObject({ ino, nlink: 2 });
  });

  test("is proven by content: what only looks the same is copied", async () => {
    const like = { path: `${world.source}/films/old/f1`, other: `${world.source}/films/f1` };
    const { atime, mtime } = statSync(like.path);
    rmSync(like.path);
    writeFileSync(like.other, "y");
    for (const path of [like.other, `${world.source}/films/old/f2`])
      utimesSync(path, Math.floor(atime.getTime() / 1000), Math.floor(mtime.getTime() / 1000));
    utimesSync(`${world.target}/films/old/f1`, 1, Math.floor(mtime.getTime() / 1000));
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
    expect(readFileSync(`${world.target}/films/f1`, "utf8")).toBe("y");
  });

  test("what goes makes room for what comes, where both have no room", async () => {
    world.writeConfig({ rewritten: ["films"] });
    rmSync(`${world.source}/films/old/one`);
    big(`${world.source}/another`);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    await expectMirrored(world);
  });

  // All files of a Nix store have the time of the second row.
  test.each([1, 1_700_000_000])(
    "a run that ends before it was proven leaves nothing that passes for a copy, of a file of %i",
    async time => {
      utimesSync(`${world.source}/films/old/f1`, time, time);
      expect(await mirror()).toMatchObject({ status: 0 });
      renameSync(`${world.source}/films/old`, `${world.source}/films/new`);
      writeFileSync(`${world.source}/films/new/f1`, "y");
      utimesSync(`${world.source}/films/new/f1`, time, time);
      world.shadow("rsync", 'case "$*" in *--checksum*) exit 12;; esac; exec REAL "$@"');
      expect(await mirror()).toMatchObject({ status: 1 });
      world.unshadow("rsync");
      expect(await mirror()).toMatchObject({ status: 0 });
      await expectMirrored(world);
    },
  );
});

describe("what the target has become since the scan", () => {
  /** What happens to the target once the dry run is over. */
  const afterScan = (script: string): void =>
    world.shadow(
      "rsync",
      `case "$*" in *--dry-run*) REAL "$@"; code=$?; cd ${world.config.target.path}; ${script}; exit $code;; *) exec REAL "$@";; esac`,
    );

  madeOnce(async () => {
    world = await createWorld();
    for (const folder of ["app/old", "app/rest"]) mkdirSync(`${world.source}/${folder}`, { recursive: true });
    for (const name of ["old/one", "rest/two", "rest/three"])
      writeFileSync(`${world.source}/app/${name}`, "x");
  });

  test("nothing is renamed out of a folder that is a link by then", async () => {
    mkdirSync(`${world.target}/pvc-data`);
    renameSync(`${world.source}/app/old`, `${world.source}/app/new`);
    afterScan("mv app/old pvc-data/old; ln -s ../pvc-data/old app/old");
    await mirror();
    expect(readFileSync(`${world.target}/pvc-data/old/one`, "utf8")).toBe("x");
    expect(readFileSync(`${world.target}/app/new/one`, "utf8")).toBe("x");
  });

  test("nothing is renamed over what is there by then", async () => {
    renameSync(`${world.source}/app/old`, `${world.source}/app/new`);
    afterScan("mkdir -p app/new/one");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    await expectMirrored(world);
  });

  test("no more goes than was judged, though a folder that goes holds more by then", async () => {
    rmSync(`${world.source}/app/old`, { recursive: true });
    afterScan("for i in $(seq 40); do echo x >app/old/more$i; done");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("stopped deleting at the ceiling"), 1]);
    expect(readdirSync(`${world.target}/app/old`).length).toBeGreaterThan(30);
  });
});

describe("what goes from the source", () => {
  afterEach(() => world.close());
  beforeEach(async () => {
    world = await createWorld();
    for (const [service, files] of [
      ["app", 60],
      ["mail", 3],
    ] as const) {
      mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < files; index += 1)
        writeFileSync(`${world.source}/${service}/f${index}`, "x");
    }
  });

  test.each(
    inTime(1, [
      ["is gone", (): void => rmSync(`${world.source}/mail`, { recursive: true })],
      ["has no file left", (): void => [0, 1, 2].forEach(index => rmSync(`${world.source}/mail/f${index}`))],
    ]),
  )("a service that %s keeps its copy until somebody accepts it; all else is mirrored", async (_, lose) => {
    await mirror();
    lose();
    rmSync(`${world.source}/app/f0`);
    writeFileSync(`${world.source}/app/new`, "new");
    for (const night of [1, 2]) {
      const run = await mirror();
      expect([night, run.status]).toEqual([night, 1]);
      expect(run.stdout).toContain("--accept=mail");
    }
    expect(readdirSync(`${world.target}/mail`)).toHaveLength(3);
    expect(existsSync(`${world.target}/app/new`)).toBe(true);
    expect(existsSync(`${world.target}/app/f0`)).toBe(false);
    expect(await mirror("--accept", "mail")).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });

  test("a first run, and one after a change of config, deletes nothing that it may not have made", async () => {
    mkdirSync(`${world.target}/images`);
    writeFileSync(`${world.target}/images/vm.raw`, "another job's");
    expect(await mirror()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("first run") as string,
    });
    expect(await mirror()).toMatchObject({ status: 1 });
    expect(existsSync(`${world.target}/images/vm.raw`)).toBe(true);
    expect(existsSync(`${world.target}/mail/f0`)).toBe(true);
    expect(await mirror("--accept", "images")).toMatchObject({ status: 0 });
    await expectMirrored(world);

    rmSync(`${world.source}/mail/f0`);
    world.writeConfig({ keep: [] });
    expect(await mirror()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("first run") as string,
    });
    expect(existsSync(`${world.target}/mail/f0`)).toBe(true);
  });

  test("few files that hold most of the bytes are refused", async () => {
    world.writeConfig({ maxDeletions: { count: 10, percent: 10, bytesPercent: 25 } });
    writeFileSync(`${world.source}/app/disk.img`, Buffer.alloc(mebibyte));
    await mirror();
    rmSync(`${world.source}/app/disk.img`);
    const run = await mirror();
    expect(run.status).toBe(3);
    expect(run.stdout).toContain('more than 25 %; first "app/disk.img"');
    expect(existsSync(`${world.target}/app/disk.img`)).toBe(true);
    expect(await mirror("--accept", ".")).toMatchObject({ status: 0 });
  });

  test("an entry that can't be read is named, and deletions are held back below it alone", async () => {
    await mirror();
    const deep = `i=0; while [ $i -lt 20 ]; do mkdir -p ${"d".repeat(250)} && cd ${"d".repeat(250)}; i=$((i+1)); done; echo x >f`;
    await world.inside(
      "sh",
      "-c",
      `mkdir ${world.config.source.path}/mail/long; cd ${world.config.source.path}/mail/long; ${deep}`,
    );
    rmSync(`${world.source}/app/f0`);
    const run = await mirror();
    expect(run.status).toBe(1);
    expect(run.stdout).toContain("it can't be read");
    expect(existsSync(`${world.target}/app/f0`)).toBe(false);
    world.writeConfig({
      accepted: [{ path: "mail/long", reason: "a program's fault", until: "2099-01-01" }],
    });
    rmSync(`${world.source}/app/f1`);
    const accepted = await mirror();
    expect([accepted.stdout, accepted.status]).toEqual([
      expect.stringContaining("accepted until 2099-01-01"),
      0,
    ]);
    expect(existsSync(`${world.target}/app/f1`)).toBe(false);
  });
});

describe("a world of its own", () => {
  afterEach(() => world.close());

  // nfs-mirror-held.test.ts has what becomes of one that is away.
  testLong(
    "a nested file system that is away keeps its copy; all else is mirrored, and the run fails",
    async () => {
      world = await createWorld();
      const disk = `${world.config.source.path}/media/disk`;
      mkdirSync(`${world.source}/media/disk`, { recursive: true });
      await world.inside("mount", "-t", "tmpfs", "photos", disk);
      await world.inside("sh", "-c", `for i in 1 2 3; do echo $i >${disk}/n$i; done`);
      expect((await mirror()).stdout).toContain('media/disk" is another file system (photos)');
      await world.inside("umount", disk);
      writeFileSync(`${world.source}/media/disk/n1`, "written while the disk was away");
      writeFileSync(`${world.source}/note`, "x");
      const away = await mirror();
      expect(away.status).toBe(1);
      expect(away.stdout).toContain("is not the file system that belongs there");
      expect(readdirSync(`${world.target}/media/disk`).sort()).toEqual(["n1", "n2", "n3"]);
      expect(readFileSync(`${world.target}/media/disk/n1`, "utf8")).toBe("1\n");
      expect(existsSync(`${world.target}/note`)).toBe(true);
      rmSync(join(world.config.stateDir, "nested-mounts.json"));
      expect(await mirror()).toMatchObject({ status: 0 });
      await expectMirrored(world);
    },
  );

  test("a hole is skipped, not read", async () => {
    world = await createWorld();
    const size = 1024 * 1024 * mebibyte;
    const file = openSync(`${world.source}/disk`, "w");
    writeSync(file, "start");
    writeSync(file, "end", size / 2);
    ftruncateSync(file, size);
    closeSync(file);
    await world.inside("setfattr", "-n", "user.colour", "-v", "green", `${world.config.source.path}/disk`);
    await world.inside("chown", "12345:54321", `${world.config.source.path}/disk`);
    world.writeConfig({ budgetMs: 60_000 });
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    const [one, other] = [statSync(`${world.source}/disk`), statSync(`${world.target}/disk`)];
    const told = ({ size: bytes, mtimeMs, uid, gid, mode }: typeof one) => ({
      bytes,
      mtimeMs,
      uid,
      gid,
      mode,
    });
    expect(told(other)).toEqual(told(one));
    expect(other.blocks * 512).toBeLessThan(mebibyte);
    await world.inside(
      "cmp",
      "--bytes=5",
      `${world.config.source.path}/disk`,
      `${world.config.target.path}/disk`,
    );
    expect(readdirSync(join(world.target, ".holdfast/nfs-mirror"))).toEqual(["source-root"]);
    // It is renamed there too, and not by rsync, which would read the holes of both.
    renameSync(`${world.source}/disk`, `${world.source}/disk-too`);
    const calls = watchRsync();
    expect(await mirror("--accept=disk")).toMatchObject({ status: 0 });
    expect(statSync(`${world.target}/disk-too`)).toMatchObject({ ino: other.ino, mtimeMs: one.mtimeMs });
    expect(calls().filter(call => call.includes("--checksum"))).toEqual([]);
    expect(readdirSync(world.target)).toContain("disk-too");
    expect(readdirSync(world.target)).not.toContain("disk");
  });

  test("a folder with files of large holes is renamed where there is no room for a second one, once their content was compared", async () => {
    world = await createWorld({ sourceMb: 96, targetMb: 64 });
    mkdirSync(`${world.source}/films/old`, { recursive: true });
    const disk = (name: string): string => `${world.source}/films/${name}`;
    const grow = (name: string): void => truncateSync(disk(name), 1024 * mebibyte);
    writeFileSync(disk("old/one"), Buffer.alloc(36 * mebibyte, "one"));
    grow("old/one");
    writeFileSync(disk("old/other"), "one");
    grow("old/other");
    utimesSync(disk("old/other"), 1_700_000_000, 1_700_000_000);
    expect(await mirror()).toMatchObject({ status: 0 });
    const inos = ["one", "other"].map(name => statSync(`${world.target}/films/old/${name}`).ino);
    renameSync(disk("old"), disk("new"));
    writeFileSync(disk("new/other"), "two");
    grow("new/other");
    utimesSync(disk("new/other"), 1_700_000_000, 1_700_000_000);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
    expect(readdirSync(`${world.target}/films`)).toEqual(["new"]);
    const isSame = ["one", "other"].map(
      (name, index) => statSync(`${world.target}/films/new/${name}`).ino === inos[index],
    );
    expect(isSame).toEqual([true, false]);
    const read = Buffer.alloc(3);
    const copy = openSync(`${world.target}/films/new/other`, "r");
    readSync(copy, read);
    closeSync(copy);
    expect(read.toString()).toBe("two");
  });

  // Of one file system, they are compared above.
  testLong(
    "files with large holes that have the same number on two file systems are compared each",
    async () => {
      world = await createWorld();
      const disk = (name: string): string => `${world.config.source.path}/${name}`;
      for (const name of ["one", "other"]) {
        mkdirSync(`${world.source}/${name}`);
        await world.inside("mount", "-t", "tmpfs", name, disk(name));
        const make = `cd ${disk(name)}; printf one >${name}; truncate -s 1G ${name}; touch -d @1700000000 ${name}`;
        await world.inside("sh", "-c", make);
      }
      expect(await mirror()).toMatchObject({ status: 0 });
      const numbers = await world.inside("stat", "--format=%i", disk("one/one"), disk("other/other"));
      const [one, other] = numbers.trim().split("\n");
      expect(one).toBe(other);
      for (const name of ["one", "other"])
        await world.inside("sh", "-c", `cd ${disk(name)}; mkdir new; mv ${name} new/${name}`);
      const change = `cd ${disk("other/new")}; printf two | dd of=other conv=notrunc status=none; touch -d @1700000000 other`;
      await world.inside("sh", "-c", change);
      expect(await mirror("--accept=one", "--accept=other")).toMatchObject({ status: 0 });
      const read = Buffer.alloc(3);
      const copy = openSync(`${world.target}/other/new/other`, "r");
      readSync(copy, read);
      closeSync(copy);
      expect(read.toString()).toBe("two");
    },
  );

  // nfs-mirror-crashes.test.ts has what killed runs leave.
  testLong(
    "what a killed run had copied of a file with large holes leaves its room to the next one",
    async () => {
      world = await createWorld({ targetMb: 64 });
      writeFileSync(`${world.source}/disk`, "x");
      truncateSync(`${world.source}/disk`, 1024 * mebibyte);
      world.shadow(
        "cp",
        'for part; do :; done; head -c 40M /dev/zero >"$part"; kill -KILL $PPID; exec sleep 600',
      );
      expect(await mirror()).toMatchObject({ signal: "SIGKILL" });
      world.unshadow("cp");
      rmSync(`${world.source}/disk`);
      writeFileSync(`${world.source}/film`, randomBytes(36 * mebibyte));
      const run = await mirror();
      expect([run.stdout, run.status]).toEqual([expect.anything(), 0]);
      await expectMirrored(world);
    },
  );

  test("a file of several names isn't renamed: the time of the others would be that of what isn't proven", async () => {
    world = await createWorld();
    for (const folder of ["x", "y", "z"]) mkdirSync(`${world.source}/app/${folder}`, { recursive: true });
    writeFileSync(`${world.source}/app/x/file`, "one");
    utimesSync(`${world.source}/app/x/file`, 1_700_000_000, 1_700_000_000);
    linkSync(`${world.source}/app/x/file`, `${world.source}/app/y/file`);
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(`${world.source}/app/x/file`);
    writeFileSync(`${world.source}/app/z/file`, "two");
    utimesSync(`${world.source}/app/z/file`, 1_700_000_000, 1_700_000_000);
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });

  // Where bytes are what it lacks, it does so above.
  testLong("what goes makes room also where inodes are what the mirror lacks", async () => {
    world = await createWorld({ targetMb: 24 });
    await world.inside("umount", world.config.target.path);
    const format = ["-q", "-F", "-N", "256", "-U", world.config.target.fsUuid, join(world.folder, "dst.img")];
    await execa("mkfs.ext4", format);
    await world.mount("dst");
    world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
    mkdirSync(`${world.source}/cache`);
    for (let index = 0; index < 150; index += 1) {
      writeFileSync(`${world.source}/cache/old${index}`, "x");
      if (index < 50) writeFileSync(`${world.source}/cache/keep${index}`, "x");
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    for (let index = 0; index < 150; index += 1) {
      rmSync(`${world.source}/cache/old${index}`);
      mkdirSync(`${world.source}/cache/new${index}`);
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });
});

describe("what has another name than before", () => {
  afterEach(() => world.close());

  test("where there is no room, what may be the only copy of a renamed file goes after it was copied", async () => {
    world = await createWorld({ targetMb: 24 });
    mkdirSync(`${world.source}/vm`);
    const file = openSync(`${world.source}/vm/disk`, "w");
    writeSync(file, Buffer.alloc(mebibyte, 7));
    ftruncateSync(file, 100 * mebibyte);
    closeSync(file);
    for (const name of ["note", "rubbish", "other"]) writeFileSync(`${world.source}/vm/${name}`, name);
    writeFileSync(`${world.source}/vm/cache`, randomBytes(14 * mebibyte));
    expect(await mirror()).toMatchObject({ status: 0 });
    renameSync(`${world.source}/vm/disk`, `${world.source}/vm/disk-too`);
    renameSync(`${world.source}/vm/note`, `${world.source}/vm/note-too`);
    rmSync(`${world.source}/vm/rubbish`);
    rmSync(`${world.source}/vm/cache`);
    writeFileSync(`${world.source}/vm/cache-too`, randomBytes(14 * mebibyte));
    world.writeConfig({ maxDeletions: { count: 100, percent: 100, bytesPercent: 100 } });
    // The source's disk fails once what goes is gone.
    world.shadow("cp", "exit 1");
    world.shadow("rsync", 'case "$*" in *--dry-run*|*delete-missing*) exec REAL "$@";; esac; exit 12');
    expect(await mirror()).toMatchObject({ status: 1 });
    expect(readdirSync(`${world.target}/vm`).sort()).toEqual(["disk", "note", "other"]);
    world.unshadow("cp");
    world.unshadow("rsync");
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });

  test("a file that can't be renamed on the mirror is left to the copy, and so is one that can't be replaced", async () => {
    world = await createWorld();
    mkdirSync(`${world.source}/app/sub`, { recursive: true });
    for (const name of ["fixed", "moved", "sub/in"]) writeFileSync(`${world.source}/app/${name}`, name);
    const file = openSync(`${world.source}/app/disk`, "w");
    writeSync(file, Buffer.alloc(mebibyte, 7));
    ftruncateSync(file, 100 * mebibyte);
    closeSync(file);
    expect(await mirror()).toMatchObject({ status: 0 });
    const fixed = ["fixed", "disk"].map(name => `${world.config.target.path}/app/${name}`);
    await world.inside("chattr", "+i", ...fixed);
    mkdirSync(`${world.source}/app/new`);
    for (const name of ["fixed", "moved"])
      renameSync(`${world.source}/app/${name}`, `${world.source}/app/new/${name}`);
    utimesSync(`${world.source}/app/disk`, 5000, 5000);
    writeFileSync(`${world.source}/note`, "x");
    const run = await mirror();
    await world.inside("chattr", "-i", ...fixed);
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("app/disk can't be read or written"),
      1,
    ]);
    expect(run.stdout).toContain("app/fixed can't be read or written");
    for (const name of ["note", "app/new/fixed", "app/new/moved"])
      expect(existsSync(join(world.target, name))).toBe(true);
    expect(existsSync(`${world.target}/app/moved`)).toBe(false);
    expect(await mirror()).toMatchObject({ status: 0 });
    await expectMirrored(world);
  });

  // Where no room is left, it does so above.
  testLong("where no inode is left, a renamed folder doesn't keep what goes from going", async () => {
    world = await createWorld({ targetMb: 24 });
    for (const folder of ["app", "films/old"]) mkdirSync(`${world.source}/${folder}`, { recursive: true });
    for (let index = 0; index < 50; index += 1)
      writeFileSync(`${world.source}/app/f${index}`, "another size");
    for (let index = 0; index < 5; index += 1)
      writeFileSync(`${world.source}/films/old/f${index}`, `${index}`);
    world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
    expect(await mirror()).toMatchObject({ status: 0 });
    for (let index = 0; index < 25; index += 1) rmSync(`${world.source}/app/f${index}`);
    renameSync(`${world.source}/films/old`, `${world.source}/films/new`);
    mkdirSync(`${world.target}/pvc-data`);
    for (let index = 0; statfsSync(world.target).ffree > 0; index += 1)
      writeFileSync(`${world.target}/pvc-data/x${index}`, "");
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(`${world.target}/pvc-data`, { recursive: true });
    await expectMirrored(world);
  });

  // That what is renamed is proven by its content is tested above.
  testLong("large files of one size and time are found again by what they hold, in any order", async () => {
    world = await createWorld();
    mkdirSync(`${world.source}/raw`);
    for (let index = 0; index < 20; index += 1) {
      writeFileSync(`${world.source}/raw/frame${index}`, randomBytes(mebibyte));
      utimesSync(`${world.source}/raw/frame${index}`, 1e9, 1e9);
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    for (let index = 0; index < 20; index += 1)
      renameSync(`${world.source}/raw/frame${index}`, `${world.source}/raw/img${(index * 7) % 20}`);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("20 files have another name than before"),
      0,
    ]);
    await expectMirrored(world);
  });
});
