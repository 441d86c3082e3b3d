import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { inTime } from "../long";
import { keptWorld } from "./support/kept-world";
import { createWorld, type World } from "./support/world";

let world: World;
keptWorld(async () => {
  world = await createWorld();
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
  return world;
});

async function mirror(...args: string[]) {
  return world.start(args).finished;
}

const mebibyte = 1024 * 1024;

/** @param service also one that is no text, byte by byte as latin1 */
const at = (root: string, service: string, name = ""): Buffer =>
  Buffer.from(join(Buffer.from(root).toString("latin1"), service, name), "latin1");

/** @param from number of the first file */
function fill(service: string, files: number, content: string, from = 0): void {
  mkdirSync(at(world.source, service), { recursive: true });
  for (let index = from; index < from + files; index += 1)
    writeFileSync(at(world.source, service, `f${index}`), content);
}

const contents = (service: string): string[] => [
  ...new Set(
    readdirSync(at(world.target, service)).map(name => readFileSync(at(world.target, service, name), "utf8")),
  ),
];

/** A file with a hole, which isn't rsync's to copy. */
function writeLarge(name: string, content: string): void {
  writeFileSync(join(world.source, name), content);
  truncateSync(join(world.source, name), 70 * mebibyte);
}
const beginOf = (name: string): string => readFileSync(join(world.target, name)).subarray(0, 4).toString();

// What is too much for a list is told of, and held, by its services. With a list of all, other tests here hold a service.
test.each(inTime(1, [2, 500_000]))(
  "a service whose files were overwritten keeps its copy as it is, in a copy with a list of %i names at most",
  async mostListed => {
    for (const [service, files] of [
      ["docs", 60],
      ["media", 60],
      ["small", 49],
      ["caf\xe9", 50],
    ] as const) {
      fill(service, files, "good");
      // One second for all of a service, another one for each: what has size and second of a kept file passes for it.
      const second = service.charCodeAt(0);
      for (let index = 0; index < files; index += 1)
        utimesSync(at(world.source, service, `f${index}`), second, second);
    }
    mkdirSync(join(world.source, "vm"));
    for (let index = 0; index < 50; index += 1) writeFileSync(join(world.source, `vm/f${index}`), "good");
    writeLarge("vm/disk", "good");
    expect(await mirror()).toMatchObject({ status: 0 });
    world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 }, mostListed });
    fill("docs", 57, "evil");
    writeFileSync(join(world.source, "docs/READ ME"), "pay");
    rmSync(join(world.source, "docs/f59"));
    fill("media", 54, "news");
    fill("small", 49, "news");
    for (const service of ["caf\xe9", "vm"]) fill(service, 50, "evil");
    writeLarge("vm/disk", "evil");
    for (const night of [1, 2]) {
      const run = await mirror();
      expect([night, run.status]).toEqual([night, 1]);
      expect(run.stdout).toContain('"docs": 57 of the 60 files that it has would get another content');
      expect(run.stdout).toMatch(/--accept=(docs|'caf\\xe9')/);
    }
    expect(contents("caf\xe9")).toEqual(["good"]);
    expect([beginOf("vm/disk"), beginOf("vm/f7")]).toEqual(["good", "good"]);
    expect(readdirSync(join(world.target, "docs"))).toHaveLength(60);
    expect(contents("docs")).toEqual(["good"]);
    expect(contents("media").sort()).toEqual(["good", "news"]);
    expect(contents("small")).toEqual(["news"]);
    world.writeConfig({});
    expect(await mirror("--accept=docs", "--accept=vm", "--accept=caf\\xe9")).toMatchObject({ status: 0 });
    expect(contents("docs").sort()).toEqual(["evil", "good", "pay"]);
    expect([contents("caf\xe9"), beginOf("vm/disk")]).toEqual([["evil"], "evil"]);
  },
);

test("files that are deleted and others that are overwritten count together", async () => {
  fill("docs", 60, "good");
  expect(await mirror()).toMatchObject({ status: 0 });
  // What is held counts for no ceiling.
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 5 } });
  fill("docs", 30, "");
  for (let index = 30; index < 55; index += 1) rmSync(join(world.source, "docs", `f${index}`));
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("and 25 would go"), 1]);
  expect(contents("docs")).toEqual(["good"]);
});

test("the estate says what share of a service's files may be others", async () => {
  fill("docs", 60, "good");
  world.writeConfig({ collapse: { leastPercent: 20, mostChangedPercent: 100 } });
  expect(await mirror()).toMatchObject({ status: 0 });
  fill("docs", 60, "news");
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(contents("docs")).toEqual(["news"]);
});

test("a service whose files were encrypted under other names keeps those that it had", async () => {
  fill("docs", 60, "good");
  expect(await mirror()).toMatchObject({ status: 0 });
  for (let index = 0; index < 60; index += 1) {
    rmSync(join(world.source, "docs", `f${index}`));
    writeFileSync(join(world.source, "docs", `f${index}.locked`), "evil");
  }
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=docs"), 1]);
  for (let index = 0; index < 60; index += 1)
    expect(readFileSync(join(world.target, "docs", `f${index}`), "utf8")).toBe("good");
});

test("large files that were encrypted in place, with their sizes and times, aren't taken for files with another name", async () => {
  const encrypt = (name: string, to: string): void => {
    const { atime, mtime } = statSync(name);
    writeFileSync(name, Buffer.alloc(mebibyte, "evil"));
    utimesSync(name, atime, mtime);
    renameSync(name, to);
  };
  mkdirSync(join(world.source, "media"));
  for (let index = 0; index < 24; index += 1) {
    const name = join(world.source, "media", `f${index}`);
    writeFileSync(name, Buffer.alloc(mebibyte, `good${index}`));
    utimesSync(name, 86_400, 86_400 + index);
  }
  expect(await mirror()).toMatchObject({ status: 0 });
  for (let index = 0; index < 24; index += 1) {
    const name = join(world.source, "media", `f${index}`);
    if (index < 20) encrypt(name, `${name}.locked`);
    else renameSync(name, `${name}.renamed`);
  }
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=media"), 1]);
  for (let index = 0; index < 20; index += 1)
    expect(
      readFileSync(join(world.target, "media", `f${index}`))
        .subarray(0, 4)
        .toString(),
    ).toBe("good");
});

test("a large file at the root keeps its copy when it goes or is emptied, a small one doesn't", async () => {
  fill("media", 3, "x");
  for (const name of ["vm-1.raw", "vm-2.raw"])
    writeFileSync(join(world.source, name), Buffer.alloc(mebibyte, 1));
  writeFileSync(join(world.source, "note"), "x");
  expect(await mirror()).toMatchObject({ status: 0 });
  for (const name of ["vm-1.raw", "note"]) rmSync(join(world.source, name));
  truncateSync(join(world.source, "vm-2.raw"), 1000);
  const run = await mirror();
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('"vm-1.raw": the source lacks all of it');
  expect(run.stdout).toContain('"vm-2.raw": the source has 1000 of its 1048576 bytes');
  for (const name of ["vm-1.raw", "vm-2.raw"]) expect(statSync(join(world.target, name)).size).toBe(mebibyte);
  expect(existsSync(join(world.target, "note"))).toBe(false);
  expect(await mirror("--accept=vm-1.raw", "--accept=vm-2.raw")).toMatchObject({ status: 0 });
  renameSync(join(world.source, "vm-2.raw"), join(world.source, "vm-3.raw"));
  expect(await mirror()).toMatchObject({ status: 0 });
});

/** Files of a service that were written on some day. */
function fillOn(day: number, service: string, files: number, from = 0): void {
  fill(service, files, `of day ${day}`, from);
  for (let index = from; index < from + files; index += 1)
    utimesSync(join(world.source, service, `f${index}`), day * 86_400, day * 86_400);
}

describe("older files in the place of newer copies", () => {
  const services = ["docs", "mail", "wiki"];

  test("an old clone of the source's disk takes nothing from the mirror until somebody accepts it", async () => {
    for (const service of [...services, "photos"]) fillOn(100, service, 8);
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.inside("umount", world.config.source.path);
    const clone = join(world.folder, "clone.img");
    await execa("cp", ["--sparse=always", join(world.folder, "src.img"), clone]);
    await world.mount("src");
    for (const service of services) fillOn(130, service, 4);
    fillOn(131, "photos", 3, 8);
    expect(await mirror()).toMatchObject({ status: 0 });
    await world.inside("umount", world.config.source.path);
    await world.inside("mount", "-o", "loop", clone, world.config.source.path);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([
      expect.stringContaining("are newer here than at the source"),
      1,
    ]);
    expect(run.stdout).toContain("--accept=docs --accept=mail --accept=wiki)");
    for (const service of services) expect(contents(service).sort()).toEqual(["of day 100", "of day 130"]);
    expect(readdirSync(join(world.target, "photos"))).toHaveLength(11);
    expect(await mirror("--accept=.")).toMatchObject({ status: 0 });
    expect(contents("docs")).toEqual(["of day 100"]);
  });

  test("a service that was restored waits for one answer; all others are mirrored, and lose nothing meanwhile", async () => {
    for (const service of services) fillOn(130, service, 20);
    expect(await mirror()).toMatchObject({ status: 0 });
    fillOn(100, "docs", 12);
    // By chance.
    fillOn(100, "wiki", 1);
    fillOn(131, "wiki", 3, 1);
    fillOn(131, "mail", 12);
    rmSync(join(world.source, "mail/f19"));
    const run = await mirror();
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('"docs": 12 of the 12 files that would get another content');
    expect(run.stdout).toContain("--accept=docs)");
    for (const service of ["docs", "wiki"]) expect(contents(service)).toEqual(["of day 130"]);
    expect(contents("mail").sort()).toEqual(["of day 130", "of day 131"]);
    expect(readdirSync(join(world.target, "mail"))).toHaveLength(20);
    expect(await mirror("--accept=docs")).toMatchObject({ status: 0 });
    expect(contents("docs").sort()).toEqual(["of day 100", "of day 130"]);
    expect(contents("wiki").sort()).toEqual(["of day 100", "of day 130", "of day 131"]);
    expect(readdirSync(join(world.target, "mail"))).toHaveLength(19);
  });

  test("ten of them, or more among as many newer ones, are an ordinary day's", async () => {
    for (const service of services) fillOn(130, service, 48);
    expect(await mirror()).toMatchObject({ status: 0 });
    fillOn(100, "docs", 10);
    fillOn(100, "mail", 20);
    fillOn(131, "mail", 20, 20);
    expect(await mirror()).toMatchObject({ status: 0 });
    expect(contents("docs").sort()).toEqual(["of day 100", "of day 130"]);
  });
});

test("what is accepted has to be there: a slip of the pen is refused, and told what may have been meant", async () => {
  fill("docs", 3, "x");
  mkdirSync(join(world.source, "media/disk"), { recursive: true });
  await world.inside("mount", "-t", "tmpfs", "photos", `${world.config.source.path}/media/disk`);
  expect(await mirror()).toMatchObject({ status: 0 });
  const run = await mirror("--accept=doc");
  expect([run.stdout, run.status]).toEqual([
    expect.stringContaining('--accept="doc" names no service of source or target'),
    3,
  ]);
  expect(run.stdout).toContain('did you mean "docs"?');
  expect(await mirror("--accept=lost+found")).toMatchObject({ status: 3 });
  for (const name of [".", "docs", "media/disk"])
    expect(await mirror("--accept", name)).toMatchObject({ status: 0 });
});

test("what workloads make anew on a new disk takes the place of no copy, until they are restored or somebody says so", async () => {
  const limits = { maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } };
  fill("paperless", 30, "a document");
  fill("paperless", 1, "the database", 30);
  fill("vault", 2, "the key");
  fill("notes", 3, "a note");
  fill("media", 9, "a film");
  expect(await mirror()).toMatchObject({ status: 0 });
  const fsUuid = randomUUID();
  await world.inside("umount", world.config.source.path);
  await world.inside("mkfs.ext4", "-q", "-F", "-U", fsUuid, join(world.folder, "src.img"));
  await world.mount("src");
  world.writeConfig({ ...limits, source: { ...world.config.source, fsUuid } });
  expect(await mirror("restore", "media")).toMatchObject({ status: 0 });
  fill("media", 1, "another one");
  fill("paperless", 1, "an empty database", 30);
  fill("vault", 2, "a new key");
  fill("notes", 3, "no notes");
  for (const night of [1, 2]) {
    const run = await mirror();
    expect([night, run.status]).toEqual([night, 1]);
    expect(run.stdout).toMatch(
      /"vault": the source is another file system.*Next: nfs-mirror restore -- paperless /s,
    );
    expect([contents("paperless").sort(), contents("vault")]).toEqual([
      ["a document", "the database"],
      ["the key"],
    ]);
    expect(contents("media").sort()).toEqual(["a film", "another one"]);
  }
  for (const service of ["paperless", "vault"])
    expect(await mirror("restore", service)).toMatchObject({ status: 0 });
  expect(await mirror("--accept=notes")).toMatchObject({ status: 0 });
  expect([contents("vault"), contents("notes")]).toEqual([["the key"], ["no notes"]]);
  // It is the mirror's own by now.
  fill("notes", 3, "other notes again");
  expect(await mirror()).toMatchObject({ status: 0 });
});

test("a service that has nearly all of its bytes in a few files keeps its copy when they go, or are emptied", async () => {
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 60 } });
  const image = (name: string): string => join(world.source, name);
  const imageBytes = 6 * mebibyte;
  for (const service of ["vms", "photos", "dumps", "media"]) {
    fill(service, 1, "a note");
    const images = service === "media" ? 15 : 3;
    for (let index = 0; index < images; index += 1)
      writeFileSync(image(`${service}/image-${index}`), Buffer.alloc(imageBytes + index, service));
  }
  expect(await mirror()).toMatchObject({ status: 0 });
  for (let index = 0; index < 3; index += 1) {
    rmSync(image(`vms/image-${index}`));
    truncateSync(image(`photos/image-${index}`), 0);
    // A ring: what comes is as large as what goes.
    rmSync(image(`dumps/image-${index}`));
    writeFileSync(image(`dumps/image-${index + 3}`), Buffer.alloc(imageBytes + 9, "later"));
    rmSync(image(`media/image-${index}`));
  }
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringMatching(
      /copy of 2 entries .*"vms": the source has 6 bytes of it, .*"photos": the source has 6 bytes/s,
    ),
    1,
  ]);
  const sizes = (service: string): number[] =>
    readdirSync(join(world.target, service)).map(name => statSync(join(world.target, service, name)).size);
  for (const service of ["vms", "photos"]) expect(sizes(service)).toContain(imageBytes + 2);
  expect(sizes("dumps").sort()).toEqual([...Array.from({ length: 3 }, () => imageBytes + 9), 6].sort());
  expect(sizes("media")).toHaveLength(13);
  expect(await mirror("--accept=vms", "--accept=photos")).toMatchObject({ status: 0 });
  expect([sizes("vms"), sizes("photos").sort()]).toEqual([[6], [0, 0, 0, 6]]);
});
