import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { inTime, testLong } from "../long";
import { damageFile } from "./support/disk-image";
import { failingFolder } from "./support/failing-folder";
import { keptWorld } from "./support/kept-world";
import { expectMirrored } from "./support/tree";
import { createWorld, type World } from "./support/world";

let world: World;

async function mirror(...args: string[]) {
  return world.start(args).finished;
}

/** A service of one file, and of what is mounted at a folder of it whose name is a pattern too. */
async function mountNested(): Promise<void> {
  const disk = `${world.config.source.path}/media/di*k [1]`;
  mkdirSync(`${world.source}/media/di*k [1]`, { recursive: true });
  writeFileSync(`${world.source}/media/index`, "x");
  await world.inside("mount", "-t", "tmpfs", "-o", "mode=0755", "photos", disk);
  await world.inside("sh", "-c", `cd '${disk}' && echo 1 >n1 && ln n1 n2 && echo 3 >n3`);
  const { status, stdout } = await mirror();
  expect([stdout, status]).toEqual([
    expect.stringContaining("is another file system (photos), mirrored from now on"),
    0,
  ]);
  await world.inside("umount", disk);
}

function expectNestedUntouched(): void {
  const disk = join(world.target, "media/di*k [1]");
  expect(readdirSync(disk).sort()).toEqual(["n1", "n2", "n3"]);
  expect(["n1", "n2", "n3"].map(name => readFileSync(join(disk, name), "utf8"))).toEqual([
    "1\n",
    "1\n",
    "3\n",
  ]);
  expect((statSync(disk).mode & 0o777).toString(8)).toBe("755");
  expect(statSync(join(disk, "n1")).nlink).toBe(2);
}

describe("a nested file system that is away", () => {
  beforeAll(async () => {
    world = await createWorld();
    await mountNested();
    await world.keep();
  });
  afterAll(() => world.close());

  test("is known by the estate, also on a host that has seen none yet", async () => {
    await world.goBack();
    world.writeConfig({ nested: [{ path: "media/di*k [1]", fsUuid: "photos" }] });
    rmSync(join(world.config.stateDir, "nested-mounts.json"));
    const { status, stdout } = await mirror();
    expect([stdout, status]).toEqual([
      expect.stringContaining("is not the file system that belongs there"),
      1,
    ]);
    expectNestedUntouched();
  });

  describe.each(
    inTime(1, [
      ["that is listed", 500_000],
      ["that is too much for a list", 2],
    ]),
  )("is away in a copy %s: nothing below it is changed", (_, mostListed) => {
    beforeEach(async () => {
      await world.goBack();
      world.writeConfig({ mostListed });
      for (const name of ["disk 1", "dixk [1]", "di*k 1"])
        writeFileSync(join(world.source, "media", name), "x");
    });

    function expectRestMirrored(): void {
      for (const name of ["disk 1", "dixk [1]", "di*k 1"])
        expect(existsSync(join(world.target, "media", name))).toBe(true);
    }

    test("when its mount point has another mode", async () => {
      chmodSync(`${world.source}/media/di*k [1]`, 0o700);
      const run = await mirror();
      expect([run.stdout, run.status]).toEqual([
        expect.stringContaining("is not the file system that belongs there"),
        1,
      ]);
      expectNestedUntouched();
      expectRestMirrored();
    });

    test("when other files lie there, and deletions elsewhere are accepted", async () => {
      for (const name of ["n1", "n2", "n4"])
        writeFileSync(join(world.source, "media/di*k [1]", name), "written while the disk was away");
      rmSync(`${world.source}/media/index`);
      expect(await mirror("--accept", ".")).toMatchObject({ status: 1 });
      expectNestedUntouched();
      expectRestMirrored();
      expect(existsSync(`${world.target}/media/index`)).toBe(false);
    });

    test("when what restores may have put aside can't be looked at", async () => {
      writeFileSync(`${world.source}/note`, "x");
      const failing = failingFolder(world.folder, "/.holdfast-restore");
      expect(await world.start([], failing).finished).toMatchObject({ status: 1 });
      expectNestedUntouched();
      expectRestMirrored();
      expect(existsSync(`${world.target}/note`)).toBe(true);
    });

    test.each(inTime(1, ["a file", "gone"]))("when the folder above it is %s", async now => {
      rmSync(`${world.source}/media`, { recursive: true });
      if (now === "a file") writeFileSync(`${world.source}/media`, "x");
      writeFileSync(`${world.source}/note`, "x");
      expect(await mirror("--accept", "media")).toMatchObject({ status: 1 });
      expectNestedUntouched();
      expect(existsSync(`${world.target}/note`)).toBe(true);
    });
  });
});

describe("what the source has lost", () => {
  keptWorld(async () => (world = await createWorld()));

  test("a service that became a file keeps its copy until somebody accepts it", async () => {
    for (const service of ["app", "mail"]) {
      mkdirSync(`${world.source}/${service}/sub`, { recursive: true });
      for (const name of ["one", "two", "sub/three"])
        writeFileSync(`${world.source}/${service}/${name}`, "x");
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(`${world.source}/mail`, { recursive: true });
    writeFileSync(`${world.source}/mail`, "a file");
    writeFileSync(`${world.source}/app/new`, "new");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=mail"), 1]);
    expect(readdirSync(`${world.target}/mail`).sort()).toEqual(["one", "sub", "two"]);
    expect(existsSync(`${world.target}/app/new`)).toBe(true);
    expect(await mirror("--accept", "mail")).toMatchObject({ status: 0 });
    expect(readFileSync(`${world.target}/mail`, "utf8")).toBe("a file");
  });

  test("a first run that somebody has answered for is over, also where each night fails for something else", async () => {
    for (const service of ["app", "mail"]) {
      mkdirSync(`${world.source}/${service}`);
      for (const name of ["one", "two", "three"]) writeFileSync(`${world.source}/${service}/${name}`, "x");
    }
    // Its name is too long for a program that names it from the root.
    const deep = `cd ${world.config.source.path}/mail; for i in $(seq 30); do mkdir ${"d".repeat(200)} && cd ${"d".repeat(200)}; done; echo x >file`;
    await world.inside("sh", "-c", deep);
    expect(await mirror()).toMatchObject({ status: 1 });
    world.writeConfig({ excludes: [] });
    rmSync(`${world.source}/app/one`);
    expect((await mirror()).stdout).toContain("this is the first run with this config");
    expect(await mirror("--accept=app")).toMatchObject({ status: 1 });
    rmSync(`${world.source}/app/two`);
    expect(await mirror()).toMatchObject({ status: 1 });
    expect(readdirSync(`${world.target}/app`)).toEqual(["three"]);
  });

  test("nothing goes while the source's lost+found holds what a repair has found", async () => {
    mkdirSync(`${world.source}/photos`);
    for (const name of ["one", "two", "three"]) writeFileSync(`${world.source}/photos/${name}`, name);
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(`${world.source}/photos/one`);
    writeFileSync(`${world.source}/lost+found/#12`, "one");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("its lost+found holds what a repair found"),
      1,
    ]);
    expect(readdirSync(`${world.target}/photos`).sort()).toEqual(["one", "three", "two"]);
    rmSync(`${world.source}/lost+found/#12`);
    expect(await mirror()).toMatchObject({ status: 0 });
    expect(readdirSync(`${world.target}/photos`).sort()).toEqual(["three", "two"]);
  });

  test("a file system in an entry that is left out is nothing to the mirror, there or away", async () => {
    const temp = `${world.config.source.path}/temp`;
    for (const name of ["app", "temp"]) mkdirSync(`${world.source}/${name}`);
    writeFileSync(`${world.source}/app/file`, "x");
    await world.inside("mount", "-t", "tmpfs", "tmpfs", temp);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.not.stringContaining("mirrored from now on"), 0]);
    await world.inside("umount", temp);
    expect(await mirror()).toMatchObject({ status: 0 });
  });

  test("another folder of the file system that belongs below a service is not what belongs there", async () => {
    const [disk, at] = [`${world.config.source.path}/frigate`, `${world.config.source.path}/app/extra`];
    mkdirSync(`${world.source}/app/extra`, { recursive: true });
    for (let index = 0; index < 60; index += 1) writeFileSync(`${world.source}/app/f${index}`, "x");
    for (const folder of ["right", "wrong"])
      mkdirSync(`${world.source}/frigate/${folder}`, { recursive: true });
    writeFileSync(`${world.source}/frigate/right/note`, "x");
    await world.inside("mount", "--bind", `${disk}/right`, at);
    expect(await mirror()).toMatchObject({ status: 0 });
    // As an earlier version has taken it down.
    const record = join(world.config.stateDir, "nested-mounts.json");
    const [uuid = ""] = /[0-9a-f-]{36}/.exec(readFileSync(record, "utf8")) ?? [];
    writeFileSync(record, JSON.stringify({ "app/extra": uuid }));
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.inside("umount", at);
    await world.inside("mount", "--bind", `${disk}/wrong`, at);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining(`"${at}" is away`), 1]);
    expect(existsSync(`${world.target}/app/extra/note`)).toBe(true);
    await world.inside("umount", at);
    await world.inside("mount", "--bind", `${disk}/right`, at);
    expect(await mirror()).toMatchObject({ status: 0 });
    // The same one under another name, which no run can tell from another one: what to type is said.
    renameSync(`${world.source}/frigate/right`, `${world.source}/frigate/renamed`);
    writeFileSync(`${world.source}/frigate/renamed/more`, "x");
    const renamed = await mirror();
    expect([renamed.stdout, renamed.status]).toEqual([
      expect.stringMatching(
        /mounted there is ".*\[\/frigate\/renamed\]", and ".*\[\/frigate\/right\]" belongs/,
      ),
      1,
    ]);
    const [, accept = ""] = /as after a folder got another name: (.+)\)$/m.exec(renamed.stdout) ?? [];
    expect(accept).toMatch(/ nfs-mirror --accept=app\/extra$/);
    expect(await mirror(...accept.split(" ").slice(-1))).toMatchObject({ status: 0 });
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.inside("umount", at);
    expect(readdirSync(`${world.target}/app/extra`)).toEqual(["more", "note"]);
  });

  test("a service that has lost most of its files keeps its copy, though it has made a few anew", async () => {
    for (const service of ["docs", "media"]) {
      mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < 40; index += 1) writeFileSync(`${world.source}/${service}/f${index}`, "x");
    }
    world.writeConfig({ maxDeletions: { count: 100, percent: 100, bytesPercent: 100 } });
    expect(await mirror()).toMatchObject({ status: 0 });
    for (let index = 0; index < 33; index += 1) rmSync(`${world.source}/docs/f${index}`);
    for (let index = 0; index < 31; index += 1) rmSync(`${world.source}/media/f${index}`);
    writeFileSync(`${world.source}/docs/index.lock`, "");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("the source lacks 33 of its files"),
      1,
    ]);
    expect(readdirSync(`${world.target}/docs`)).toHaveLength(41);
    expect(readdirSync(`${world.target}/media`)).toHaveLength(9);
    expect(await mirror("--accept=docs")).toMatchObject({ status: 0 });
    expect(readdirSync(`${world.target}/docs`)).toHaveLength(8);
  });

  test("bytes of files that were emptied count for the ceiling as those of files that were deleted", async () => {
    mkdirSync(`${world.source}/vm`);
    for (let index = 0; index < 20; index += 1)
      writeFileSync(`${world.source}/vm/image${index}`, Buffer.alloc(50_000, 1));
    expect(await mirror()).toMatchObject({ status: 0 });
    world.writeConfig({ maxDeletions: { count: 10, percent: 10, bytesPercent: 10 } });
    for (let index = 0; index < 20; index += 1) truncateSync(`${world.source}/vm/image${index}`);
    const run = await mirror();
    expect(run.stdout).toContain(
      "1000000 bytes, 100.0 % of the target's, would go with files that are deleted or have become smaller, more than 10 %; first \"vm/image",
    );
    expect(run.status).toBe(3);
    expect(statSync(`${world.target}/vm/image7`).size).toBe(50_000);
    expect(await mirror("--accept=vm")).toMatchObject({ status: 0 });
  });

  test("a ceiling's message names what would go, and nothing that is kept", async () => {
    for (const [service, files] of [
      ["app", 60],
      ["mail", 3],
    ] as const) {
      mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < files; index += 1)
        writeFileSync(`${world.source}/${service}/f${index}`, "x");
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    rmSync(`${world.source}/mail`, { recursive: true });
    for (let index = 1; index < 40; index += 1) rmSync(`${world.source}/app/f${index}`);
    const run = await mirror();
    expect(run.status).toBe(3);
    const [, first] = run.stdout.match(/would be deleted, .*; first (.*)/) ?? [];
    expect(first).toContain('"app/');
    expect(first).not.toContain("mail");
  });

  test("a service that is kept as it is, with more changes than a list has room for, holds back no deletion elsewhere", async () => {
    for (const [service, files] of [
      ["app", 30],
      ["mail", 60],
    ] as const) {
      mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < files; index += 1)
        writeFileSync(`${world.source}/${service}/f${index}`, `${service} ${"x".repeat(index)}`);
    }
    expect(await mirror()).toMatchObject({ status: 0 });
    world.writeConfig({ mostListed: 50 });
    for (let index = 0; index < 60; index += 1) writeFileSync(`${world.source}/mail/f${index}`, "encrypted");
    rmSync(`${world.source}/app/f1`);
    writeFileSync(`${world.source}/app/f2`, "another");
    renameSync(`${world.source}/app/f3`, `${world.source}/mail/new`);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("the copy of 2 entries"), 1]);
    expect(existsSync(`${world.target}/app/f3`)).toBe(true);
    expect(existsSync(`${world.target}/app/f1`)).toBe(false);
    expect(readFileSync(`${world.target}/app/f2`, "utf8")).toBe("another");
    expect(readFileSync(`${world.target}/mail/f1`, "utf8")).toBe("mail x");
  });

  // That one holds up no other is tested above.
  testLong(
    "a service that is kept as it is, and whose name is no text, keeps no other one from being mirrored",
    async () => {
      const at = (service: string, name: string): Buffer =>
        Buffer.from(`${world.source}/${service}/${name}`, "latin1");
      const services = ["caf\xe9", "cafx", "ca*\xe9", "cab\xe9"];
      for (const service of services) {
        mkdirSync(at(service, ""));
        for (let index = 0; index < 60; index += 1)
          writeFileSync(at(service, `f${index}`), `good ${"x".repeat(index)}`);
      }
      expect(await mirror()).toMatchObject({ status: 0 });
      world.writeConfig({ mostListed: 50 });
      for (const service of ["caf\xe9", "ca*\xe9"])
        for (let index = 0; index < 60; index += 1) writeFileSync(at(service, `f${index}`), "encrypted");
      for (const service of services) writeFileSync(at(service, "new"), "a new one");
      const run = await mirror();
      expect([run.stdout, run.status]).toEqual([expect.stringContaining("the copy of 2 entries"), 1]);
      const found = services.map(service =>
        existsSync(Buffer.from(`${world.target}/${service}/new`, "latin1")),
      );
      expect(found).toEqual([false, true, false, true]);
    },
  );

  // nfs-mirror-guards.test.ts has that it makes no room for another service.
  testLong(
    "what an operator answers for counts for no ceiling, also of a service whose name isn't ASCII",
    async () => {
      for (const service of ["café", "app"]) {
        mkdirSync(`${world.source}/${service}`);
        for (let index = 0; index < 40; index += 1)
          writeFileSync(`${world.source}/${service}/f${index}`, "x");
      }
      expect(await mirror()).toMatchObject({ status: 0 });
      for (let index = 1; index < 30; index += 1) rmSync(`${world.source}/café/f${index}`);
      expect(await mirror()).toMatchObject({ status: 3 });
      expect(await mirror("--accept=café")).toMatchObject({ status: 0 });
    },
  );

  test("entries that the copy can't read or write hold back deletions of themselves alone, and can be accepted", async () => {
    const { source, target } = world.config;
    await world.inside("umount", source.path);
    const format = ["-q", "-F", "-b", "4096", "-U", source.fsUuid, join(world.folder, "src.img")];
    await execa("mkfs.ext4", format);
    await world.mount("src");
    for (const service of ["a", "b", "c"]) {
      mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < 8; index += 1) writeFileSync(`${world.source}/${service}/f${index}`, "x");
    }
    const pieces = `for i in $(seq 0 2 40); do dd if=/dev/urandom of=${source.path}/c/before bs=4k count=1 seek=$i conv=notrunc status=none; done`;
    await world.inside("sh", "-c", pieces);
    expect(await mirror()).toMatchObject({ status: 0 });
    // An attribute that has room in the live disk's blocks of 4 KiB, and not in the backup disk's of 1 KiB.
    await world.inside("setfattr", "-n", "user.big", "-v", "x".repeat(3000), `${source.path}/a/f1`);
    writeFileSync(`${world.source}/a/.f1`, "another");
    await world.inside("setfattr", "-n", "user.big", "-v", "x".repeat(3000), `${source.path}/a/.f1`);
    await world.inside("chattr", "+i", `${target.path}/a/f2`, `${target.path}/a/f3`);
    writeFileSync(`${world.source}/a/f2`, "changed");
    renameSync(`${world.source}/c/before`, `${world.source}/c/pieces`);
    writeFileSync(`${world.source}/c/before`, "what took its name, before a hole");
    truncateSync(`${world.source}/c/before`, 70 * 1024 * 1024);
    for (const name of ["a/f3", "a/f4", "b/f0"]) rmSync(`${world.source}/${name}`);
    writeFileSync(`${world.source}/b/new`, "x");
    await world.inside("umount", source.path);
    await damageFile(join(world.folder, "src.img"), "c/pieces", 4096);
    await world.mount("src");
    world.writeConfig({ mostListed: 2 });
    expect(await mirror()).toMatchObject({ status: 1 });
    expect(statSync(`${world.target}/c/before`).size).toBe(41 * 4096);
    world.writeConfig({});
    const run = await mirror();
    expect(run.status).toBe(1);
    // The last copy that there is of what can't be read under its new name.
    expect(statSync(`${world.target}/c/before`).size).toBe(41 * 4096);
    for (const name of ["a/f1", "a/.f1", "a/f2", "a/f3", "c/pieces"])
      expect(run.stdout).toContain(`${name} can't be read or written`);
    expect(run.stdout).toContain("the copy of 6 entries");
    expect(run.stdout).toContain("Input/output error (5)");
    expect(readdirSync(`${world.target}/b`).sort()).toEqual([
      "f1",
      "f2",
      "f3",
      "f4",
      "f5",
      "f6",
      "f7",
      "new",
    ]);
    expect(existsSync(`${world.target}/a/f4`)).toBe(false);
    rmSync(`${world.source}/b/f1`);
    const reason = "nobody misses them";
    const until = "2099-01-01";
    world.writeConfig({ accepted: ["a", "c/pieces"].map(path => ({ path, reason, until })) });
    const accepted = await mirror();
    expect([accepted.stdout, accepted.status]).toEqual([expect.stringContaining("accepted until 2099"), 0]);
    // Which end of rsync tells first is its own affair.
    expect(accepted.stdout).toMatch(/equals ".*" but for what is accepted, [ac]\/\S+ and \d+ more: /);
    expect(existsSync(`${world.target}/b/f1`)).toBe(false);
  });

  // What was moved into such a service is tested below.
  testLong(
    "a name elsewhere of a file in a service that is kept as it is gets a file of its own, and that one stays as it was",
    async () => {
      const stat = (path: string) => {
        const { mode, ino, mtimeMs } = lstatSync(path);
        return { mode: (mode & 0o777).toString(8), ino, mtimeMs };
      };
      for (const service of ["films", "fixed", "mail"]) mkdirSync(`${world.source}/${service}`);
      for (let index = 0; index < 60; index += 1)
        writeFileSync(`${world.source}/mail/f${index}`, `good ${index}`);
      symlinkSync("f9", `${world.source}/mail/link`);
      const linked = ["films/f0", "films/f1", "fixed/f2", "films/link"];
      for (const name of linked)
        linkSync(join(world.source, "mail", basename(name)), join(world.source, name));
      expect(await mirror()).toMatchObject({ status: 0 });
      const kept = linked.map(name => join(world.target, "mail", basename(name)));
      const before = kept.map(stat);
      // Nothing can be made there, and what is there can get another mode.
      await world.inside("chattr", "+i", `${world.config.target.path}/fixed`);
      for (const name of ["films/f0", "fixed/f2"]) chmodSync(join(world.source, name), 0o600);
      for (const name of ["films/f1", "films/link"])
        lutimesSync(join(world.source, name), 1_700_000_000, 1_700_000_000);
      for (let index = 3; index < 60; index += 1)
        writeFileSync(`${world.source}/mail/f${index}`, `encrypted ${index}`);
      const run = await mirror();
      await world.inside("chattr", "-i", `${world.config.target.path}/fixed`);
      expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=mail"), 1]);
      expect(run.stdout).toContain('"fixed/f2": it shares its file with an entry that is kept as it is');
      expect(kept.map(stat)).toEqual(before);
      for (const name of ["films/f0", "films/f1", "films/link"]) {
        const { ino, ...is } = stat(join(world.target, name));
        expect({ name, ...stat(join(world.source, name)), ino }).toEqual({ name, ...is, ino });
      }
      expect(await mirror("--accept=mail")).toMatchObject({ status: 0 });
      await expectMirrored(world);
    },
  );

  test("what was moved into a service that is kept as it is keeps its copy where it was", async () => {
    const fill = (service: string, files: number, text: string): void => {
      mkdirSync(`${world.source}/${service}`, { recursive: true });
      for (let index = 0; index < files; index += 1)
        writeFileSync(`${world.source}/${service}/f${index}`, `${text} ${index}`);
    };
    // Of another size each: what goes is taken for moved to a file of its size and its second.
    for (const [service, files, text] of [
      ["films", 30, "a good film"],
      ["notes", 8, "a note"],
      ["mail", 60, "good"],
    ] as const)
      fill(service, files, text);
    writeFileSync(`${world.source}/films/video`, "a film");
    writeFileSync(`${world.source}/films/linked`, "a film that a link leads to");
    writeFileSync(`${world.source}/films/one`, "of two names");
    linkSync(`${world.source}/films/one`, `${world.source}/films/two`);
    expect(await mirror()).toMatchObject({ status: 0 });
    for (const name of ["video", "linked", "one", "two"])
      renameSync(`${world.source}/films/${name}`, `${world.source}/mail/${name}`);
    renameSync(`${world.source}/notes`, `${world.source}/mail/notes`);
    rmSync(`${world.source}/films/f3`);
    writeFileSync(`${world.source}/films/video`, "what took its name");
    symlinkSync("../mail/linked", `${world.source}/films/linked`);
    fill("mail", 60, "encrypted");
    world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
    const run = await mirror("--accept=films");
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=mail"), 1]);
    expect(readdirSync(`${world.target}/films`)).toHaveLength(33);
    expect(readFileSync(`${world.target}/films/video`, "utf8")).toBe("a film");
    expect(readFileSync(`${world.target}/films/linked`, "utf8")).toBe("a film that a link leads to");
    expect(existsSync(`${world.target}/films/two`)).toBe(true);
    expect(readdirSync(`${world.target}/notes`)).toHaveLength(8);
    expect(readdirSync(`${world.target}/mail`)).toHaveLength(60);
    expect(await mirror("--accept=mail", "--accept=notes")).toMatchObject({ status: 0 });
    expect(readdirSync(`${world.target}/mail`)).toHaveLength(65);
    expect(existsSync(`${world.target}/notes`)).toBe(false);
  });
});

test("what is mounted on the backup disk gets nothing, and takes no copy's place while it is away", async () => {
  world = await createWorld();
  for (const name of ["media/film", "docs/note"]) {
    mkdirSync(join(world.source, name, ".."));
    writeFileSync(join(world.source, name), name);
  }
  expect(await mirror()).toMatchObject({ status: 0 });
  const covered = `${world.config.target.path}/media`;
  await world.inside("mount", "-t", "tmpfs", "other", covered);
  for (const name of ["media/new", "docs/new"]) writeFileSync(join(world.source, name), `${name} again`);
  chmodSync(join(world.source, "media/new"), 0o4755);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringMatching(/"media": another file system .*umount /s),
    1,
  ]);
  expect(readdirSync(join(world.target, "media"))).toEqual([]);
  expect(readFileSync(join(world.target, "docs/new"), "utf8")).toBe("docs/new again");
  await world.inside("umount", covered);
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(readdirSync(join(world.target, "media"))).toEqual(["film", "new"]);
  await world.close();
});
