import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { long, testLong } from "../long";
import { createWorld, metricsOf, type World } from "./support/world";

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
  for (const name of ["first", "last"]) writeFileSync(`${world.source}/films/new/${name}`, `the ${name} one`);
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
  let above = openSync(`${world.source}/films`, "r");
  for (const length of lengths) {
    const folder = `/proc/self/fd/${above}/${"d".repeat(length)}`;
    mkdirSync(folder);
    const next = openSync(folder, "r");
    closeSync(above);
    above = next;
  }
  for (const name of names) renameSync(join(world.source, name), `/proc/self/fd/${above}/${basename(name)}`);
  closeSync(above);
}

/** Folders whose path no program can name that names it from the root of the mirror. */
const tooLong = Array.from({ length: 30 }, () => 200);

// The next test has a folder that nobody can look into either.
testLong(
  "what lies below a folder whose path is too long keeps its earlier name, of any service, and nothing else does",
  async () => {
    moveDeep(tooLong, "films/a film", "app/second");
    for (const name of ["films/another film", "app/one"]) rmSync(join(world.source, name));
    expect(await mirror()).toMatchObject({ status: 1 });
    const expectKept = (): void => {
      expect(ofTarget("films")).toEqual(expect.arrayContaining(["a film", "some other film"]));
      expect(ofTarget("films")).not.toContain("another film");
      expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
    };
    expectKept();
    accept(`films/${"d".repeat(200)}`);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=app"), 0]);
    expectKept();
    writeFileSync(`${world.source}/app/second`, "what took its name");
    const replaced = await mirror("--accept=films");
    expect([replaced.stdout, replaced.status]).toEqual([
      expect.stringContaining("what it was may lie in"),
      1,
    ]);
    expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("second");
    expect(await mirror("--accept=app")).toMatchObject({ status: 0 });
    expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("what took its name");
    expect(ofTarget("films")).not.toContain("a film");
  },
);

test("what got another place while the source was looked at, and was seen at neither, keeps its copy until the next night", async () => {
  const { path } = world.config.source;
  renameSync(`${world.source}/app/one`, `${world.source}/app/kept`);
  mkdirSync(`${world.source}/app/sub`);
  renameSync(`${world.source}/app/second`, `${world.source}/app/sub/second`);
  symlinkSync("a film", `${world.source}/app/link`);
  expect(await mirror("--accept=app")).toMatchObject({ status: 0 });
  rmSync(`${world.source}/app/kept`);
  // Entries of that name aren't looked at: there they are while rsync comes by.
  world.shadow(
    "rsync",
    `case "$*" in *--dry-run*) cd ${path} && mkdir temp && mv app/sub app/link "app/the third" temp; REAL "$@"; end=$?; mv temp/sub temp/link films; mv "temp/the third" "films/a film"; rmdir temp; exit $end;; esac; exec REAL "$@"`,
  );
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringContaining("which came while the source was looked at"),
    0,
  ]);
  expect(ofTarget("app")).toEqual(["link", "sub", "the third", "what stays"]);
  expect(ofTarget("app/sub")).toEqual(["second"]);
  world.unshadow("rsync");
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(ofTarget("app")).toEqual(["what stays"]);
  expect(ofTarget("films")).toEqual(["a film", "another film", "link", "new", "some other film", "sub"]);
});

// A file that was moved there is tested below.
testLong("a link that was moved to where nobody copies it keeps its earlier name", async () => {
  symlinkSync("a film", `${world.source}/films/link`);
  expect(await mirror()).toMatchObject({ status: 0 });
  moveDeep(tooLong, "films/link");
  expect(await mirror()).toMatchObject({ status: 1 });
  expect(ofTarget("films")).toContain("link");
});

/** So deep that nobody follows them by steps either. */
const tooDeep = [...tooLong, ...Array.from({ length: 400 }, () => 1)];

test("while nobody can look into a folder, no file goes that has no other name, until it is accepted", async () => {
  moveDeep(tooDeep, "films/a film", "app/second");
  renameSync(`${world.source}/app/one`, `${world.source}/films/one`);
  rmSync(`${world.source}/app/the third`);
  const expectKept = (): void => {
    expect(ofTarget("films")).toEqual(expect.arrayContaining(["a film", "another film", "one"]));
    expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
  };
  expect(await mirror()).toMatchObject({ status: 1 });
  expectKept();
  accept(`films/${"d".repeat(200)}`);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringContaining('2 files of "app" that went are kept'),
    0,
  ]);
  expect(run.stdout).toContain("it keeps 3 entries (21 bytes) that the source has no more");
  const { held_since_timestamp: since = 0 } = metricsOf(world);
  expect(metricsOf(world)).toMatchObject({ held_entries: 3, held_bytes: 21 });
  expectKept();
  expect(await mirror("--accept=app")).toMatchObject({ status: 0 });
  expect(ofTarget("app")).toEqual(["what stays"]);
  expect(ofTarget("films")).toContain("a film");
  expect(metricsOf(world)).toMatchObject({ held_entries: 1, held_bytes: 6, held_since_timestamp: since });
  expect(await mirror("--accept=films")).toMatchObject({ status: 0 });
  expect(metricsOf(world)).toMatchObject({ held_entries: 0 });
  expect(metricsOf(world)["held_since_timestamp"]).toBeGreaterThan(since);
});

test("in a run with too many changes for a list, nothing is overwritten that may lie where nobody copies it", async () => {
  moveDeep(tooLong, "app/second");
  world.writeConfig({ mostListed: 2 });
  writeFileSync(`${world.source}/app/second`, "what took its name");
  for (const name of ["another film", "new one", "new two"])
    writeFileSync(`${world.source}/films/${name}`, `${name}, anew`);
  expect(await mirror()).toMatchObject({ status: 1 });
  expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("second");
  expect(readFileSync(`${world.target}/films/another film`, "utf8")).toBe("another film, anew");
  // Also where those alone are more than a list holds.
  for (const name of ["another film", "some other film", "new one"])
    writeFileSync(`${world.source}/films/${name}`, `again ${name}`);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("what it was may lie in"), 1]);
  expect(readFileSync(`${world.target}/films/another film`, "utf8")).toBe("again another film");
  expect(readFileSync(`${world.target}/app/second`, "utf8")).toBe("second");
});

// The next test has another name at which nobody looks.
testLong("what was moved to a file system that is away keeps its earlier name", async () => {
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

test("what a damaged folder doesn't show stays, though its file system calls that no error", async () => {
  const { path, fsUuid } = world.config.source;
  const image = join(world.folder, "src.img");
  const format = ["-q", "-F", "-O", "^metadata_csum,^has_journal", "-U", fsUuid, image];
  await world.inside("umount", path);
  await execa("mkfs.ext4", format);
  await world.mount("src");
  mkdirSync(`${world.source}/films`);
  for (const name of ["a film", "another", "third"]) writeFileSync(`${world.source}/films/${name}`, name);
  expect(await mirror("--accept=.")).toMatchObject({ status: 0 });
  await world.inside("umount", path);
  const block = Number((await execa("debugfs", ["-R", "blocks /films", image])).stdout);
  const file = openSync(image, "r+");
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, block * 1024 + 40);
  closeSync(file);
  await world.mount("src");
  expect(readdirSync(`${world.source}/films`)).toEqual(["a film"]);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("let e2fsck repair it"), 1]);
  expect(ofTarget("films")).toEqual(["a film", "another", "third"]);
  expect(await mirror("--accept=films")).toMatchObject({ status: 0 });
  expect(ofTarget("films")).toEqual(["a film"]);
});

test("what was moved to a name of another job's, which isn't mirrored, keeps its earlier name", async () => {
  mkdirSync(`${world.source}/pvc-data`);
  for (const name of ["app/second", "films/a film"])
    renameSync(join(world.source, name), join(world.source, "pvc-data", basename(name)));
  rmSync(`${world.source}/app/one`);
  const run = await mirror();
  expect([run.stdout, run.status]).toEqual([
    expect.stringMatching(
      /"pvc-data" of the source can't be mirrored.*\n.*but for 2 entries .*"app\/second": it may lie/,
    ),
    1,
  ]);
  expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
  expect(ofTarget("films")).toContain("a film");
});

/** A million entries, of ten thousand files: they are looked at, one by one. */
if (long)
  test("however many entries such a name has, they are looked at", async () => {
    world.writeConfig({ budgetMs: 400_000 });
    const folder = `${world.config.source.path}/pvc-data`;
    const script = `mkdir -p ${folder}/m && cd ${folder}/m && touch $(seq 10000) && cd .. && for i in $(seq 101); do mkdir b$i && mount --bind m b$i; done`;
    await world.inside("sh", "-c", script);
    renameSync(`${world.source}/app/second`, `${world.source}/pvc-data/second`);
    rmSync(`${world.source}/app/one`);
    expect(await mirror()).toMatchObject({ status: 1 });
    expect(ofTarget("app")).toEqual(["second", "the third", "what stays"]);
    await world.inside("sh", "-c", `umount ${folder}/b*`);
  });

test("what a file system may have been mounted over stays until somebody accepts it", async () => {
  const disk = `${world.config.source.path}/films/new`;
  await world.inside("mount", "-t", "tmpfs", "photos", disk);
  await world.inside("sh", "-c", `echo "an old one" >${disk}/last && touch -d 2001-01-01 ${disk}/last`);
  for (const night of [1, 2]) {
    const run = await mirror();
    const accepted = expect.stringContaining("--accept=films/new") as unknown;
    expect([night, run.stdout, run.status]).toEqual([night, accepted, 1]);
    expect(ofTarget("films/new")).toEqual(["first", "last"]);
    expect(readFileSync(`${world.target}/films/new/last`, "utf8")).toBe("the last one");
  }
  expect(await mirror("--accept=films/new")).toMatchObject({ status: 0 });
  expect(ofTarget("films/new")).toEqual(["last"]);
  // From then on it is what belongs there.
  await world.inside("touch", `${disk}/one`, `${disk}/two`);
  expect(await mirror()).toMatchObject({ status: 0 });
  await world.inside("rm", `${disk}/one`);
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(ofTarget("films/new")).toEqual(["last", "two"]);
});

// What got another place while the source was looked at is tested above.
testLong("what was moved again while the run went on keeps its copy until the next night", async () => {
  renameSync(`${world.source}/films/a film`, `${world.source}/app/to be moved`);
  writeFileSync(`${world.source}/films/new/last`, "another one");
  const { path } = world.config.source;
  world.shadow(
    "rsync",
    `case "$*" in *--dry-run*) ;; *) mv "${path}/app/to be moved" ${path}/moved 2>/dev/null;; esac; exec REAL "$@"`,
  );
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(readFileSync(`${world.target}/films/a film`, "utf8")).toBe("a film");
  expect(readFileSync(`${world.target}/films/new/last`, "utf8")).toBe("another one");
  world.unshadow("rsync");
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(existsSync(`${world.target}/films/a film`)).toBe(false);
  expect(readFileSync(`${world.target}/moved`, "utf8")).toBe("a film");
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
