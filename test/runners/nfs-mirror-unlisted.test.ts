import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { createWorld, type World } from "./support/world";

jest.setTimeout(120_000);

let world: World;

/** Of another size each: what goes is taken for moved to a file of its size and its second. */
const files = {
  app: ["one", "second", "the third", "what stays"],
  films: ["a film", "another film", "some other film"],
};

beforeAll(async () => {
  world = await createWorld();
  for (const [service, texts] of Object.entries(files)) {
    mkdirSync(join(world.source, service));
    for (const text of texts) writeFileSync(join(world.source, service, text), text);
  }
  writeFileSync(`${world.source}/note`, "a note at the root");
  mkdirSync(`${world.source}/films/new`);
  writeFileSync(`${world.source}/films/new/last`, "the last one");
  expect(await mirror()).toMatchObject({ status: 0 });
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

async function mirror(...args: string[]) {
  return world.start(args).finished;
}

const ofTarget = (service: string): string[] => readdirSync(join(world.target, service)).sort();
const accept = (path: string): void =>
  world.writeConfig({ accepted: [{ path, reason: "nobody misses it", until: "2099-01-01" }] });

/** Moves files to a folder below one of "films" that is made step by step. @param lengths of the names of the folders */
function moveDeep(lengths: readonly number[], ...names: string[]): void {
  const opened: number[] = [];
  let folder = `${world.source}/films`;
  for (const length of lengths) {
    mkdirSync(`${folder}/${"d".repeat(length)}`);
    opened.push(openSync(`${folder}/${"d".repeat(length)}`, "r"));
    folder = `/proc/self/fd/${opened.at(-1)}`;
  }
  for (const name of names) renameSync(join(world.source, name), join(folder, basename(name)));
  for (const file of opened) closeSync(file);
}

/** Folders whose path no program can name that names it from the root of the mirror. */
const tooLong = Array.from({ length: 30 }, () => 200);

test("what lies below a folder whose path is too long keeps its earlier name, of any service, and nothing else does", async () => {
  moveDeep(tooLong, "films/a film", "app/second");
  for (const name of ["films/another film", "app/one"]) rmSync(join(world.source, name));
  expect(await mirror()).toMatchObject({ status: 1 });
  const expectKept = (): void => {
    expect(ofTarget("films")).toEqual(expect.arrayContaining(["a film", "some other film"]));
    expect(ofTarget("films")).not.toContain("another film");
    expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
  };
  expectKept();
  accept("films/ddd".padEnd(206, "d"));
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=app"), 0]);
  expectKept();
  writeFileSync(`${world.source}/app/second`, "what took its name");
  const replaced = await mirror("--accept=films");
  expect([replaced.stdout, replaced.status]).toEqual([expect.stringContaining("what it was may lie in"), 1]);
  expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("second");
  expect(await mirror("--accept=app")).toMatchObject({ status: 0 });
  expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("what took its name");
  expect(ofTarget("films")).not.toContain("a film");
});

/** The disk has no good copy of what says where a folder lies: nobody can look at it, nor into it. */
async function damage(name: string): Promise<void> {
  const image = join(world.folder, "src.img");
  await world.inside("umount", world.config.source.path);
  const { stdout } = await execa("debugfs", ["-R", `imap /${name}`, image]);
  const [, block = "", offset = ""] = /located at block (\d+), offset (0x[0-9a-f]+)/.exec(stdout) ?? [];
  const file = openSync(image, "r+");
  writeSync(file, Buffer.alloc(128, 0xff), 0, 128, Number(block) * 1024 + Number(offset));
  closeSync(file);
  await world.mount("src");
}

test("while nobody can look into a folder, no file goes that has no other name, until it is accepted", async () => {
  for (const name of ["films/a film", "app/second"])
    renameSync(join(world.source, name), join(world.source, "films/new", basename(name)));
  renameSync(`${world.source}/app/one`, `${world.source}/films/one`);
  rmSync(`${world.source}/app/the third`);
  await damage("films/new");
  const expectKept = (): void => {
    expect(ofTarget("films")).toEqual(["a film", "another film", "new", "one", "some other film"]);
    expect(existsSync(`${world.target}/films/new/last`)).toBe(true);
    expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
  };
  expect(await mirror()).toMatchObject({ status: 1 });
  expectKept();
  accept("films/new");
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringContaining('2 files of "app" that went are kept'),
    0,
  ]);
  expectKept();
  expect(await mirror("--accept=app")).toMatchObject({ status: 0 });
  expect(ofTarget("app")).toEqual(["what stays"]);
  expect(ofTarget("films")).toContain("a film");
});

test("what was moved to a file system that is away keeps its earlier name", async () => {
  const disk = `${world.config.source.path}/films/new`;
  const mount = (): Promise<string> => world.inside("mount", "-t", "tmpfs", "photos", disk);
  await mount();
  expect(await mirror("--accept=films")).toMatchObject({ status: 0 });
  await world.inside("mv", `${world.config.source.path}/app/second`, disk);
  await world.inside("umount", disk);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining('may lie in "films/new"'), 1]);
  expect(ofTarget("app")).toContain("second");
  expect(await mirror("--accept=films/new")).toMatchObject({ status: 0 });
  expect(ofTarget("app")).not.toContain("second");
});

test("where the root itself can't be read to its end, nothing goes", async () => {
  world.shadow(
    "rsync",
    `REAL "$@"; case "$*" in *--dry-run*) echo 'rsync: [sender] readdir("${world.config.source.path}/."): Input/output error (5)' >&2; exit 23;; esac`,
  );
  for (const name of ["note", "app/one"]) rmSync(join(world.source, name));
  writeFileSync(`${world.source}/app/new`, "a new one");
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("so nothing is deleted"), 1]);
  expect(existsSync(`${world.target}/note`)).toBe(true);
  expect(ofTarget("app")).toEqual(["new", "one", "second", "the third", "what stays"]);
});

test("however many entries of a folder that is accepted can't be written, deletions elsewhere go on", async () => {
  const cache = (index: number): string => `${world.source}/app/cache/f${index}`;
  mkdirSync(`${world.source}/app/cache`);
  for (let index = 0; index < 1100; index += 1) writeFileSync(cache(index), `${index}`);
  expect(await mirror()).toMatchObject({ status: 0 });
  await world.inside("chattr", "-R", "+i", `${world.config.target.path}/app/cache`);
  accept("app/cache");
  for (let index = 0; index < 1100; index += 1) writeFileSync(cache(index), `another ${index}`);
  rmSync(`${world.source}/films/another film`);
  const run = await mirror("--accept=app");
  expect([run.stdout.slice(-2000), run.status]).toEqual([expect.stringContaining("accepted until"), 0]);
  expect(ofTarget("films")).not.toContain("another film");
});
