import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execa } from "execa";
import { inTime, testLong } from "../long";
import { unsealed } from "../../host-scripts/runtime/journal-seal";
import { editState } from "./support/edit-state";
import { failingFolder } from "./support/failing-folder";
import { nastyNames } from "./support/nasty";
import { createScrubWorld, type ScrubWorld } from "./support/scrub-world";
import type { FinishedRun } from "./support/started-run";
import { createSteppingClock } from "./support/stepping-clock";
import { differences, snapshot, type Snapshot } from "./support/tree";

let world: ScrubWorld;

const claim = "pvc-data/2026-21/ns/claim";
const nextClaim = "pvc-data/2026-22/ns/claim";

/** A mirrored service, two generations of a claim that share a file, and one of the host's configuration. */
async function makeDisk(): Promise<void> {
  const { disk, source, config } = world;
  fill(`${source}/books/novel`, "novel");
  utimesSync(`${source}/books/novel`, 1_700_000_000, 1_700_000_000.123);
  await world.inside("cp", "-a", `${config.sources[0]}/books`, config.target.path);
  fill(`${disk}/${claim}/shared`, "shared");
  chmodSync(`${disk}/${claim}/shared`, 0o640);
  fill(`${disk}/${claim}/own`, "first");
  mkdirSync(`${disk}/${nextClaim}`, { recursive: true });
  linkSync(`${disk}/${claim}/shared`, `${disk}/${nextClaim}/shared`);
  fill(`${disk}/${nextClaim}/own`, "second");
  fill(`${disk}/pve-config/2026-22/files/interfaces`, "interfaces");
  const shared = `${config.target.path}/${claim}/shared`;
  await world.inside("setfattr", "-n", "user.colour", "-v", "green", shared);
  await world.inside("setfacl", "-m", "u:12345:rw", shared);
  for (const folder of [claim, nextClaim]) utimesSync(`${disk}/${folder}`, 1_600_000_000, 1_600_000_000.5);
}

/** A file of several blocks. */
function fill(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text} `.repeat(2_000));
}

const run = (...args: string[]) => world.start(args).finished;
const sha = (path: string): string =>
  createHash("sha256")
    .update(readFileSync(`${world.disk}/${path}`))
    .digest("hex");
const look = (options = {}): Promise<Snapshot> =>
  snapshot(world, world.config.target.path, { without: [".holdfast"], ...options });
const catalogue = (): string => join(world.config.stateDir, "catalogue");

/** Has a folder read as empty, as one does whose block is damaged; again, and it is as it was. */
async function turnEmpty(path: string, bytes: Buffer): Promise<Buffer> {
  const image = join(world.folder, "disk.img");
  const inode = lstatSync(`${world.disk}/${path}`).ino;
  await world.inside("umount", world.config.target.path);
  const block = Number((await execa("debugfs", ["-R", `bmap <${inode}> 0`, image])).stdout.trim());
  const file = openSync(image, "r+");
  const before = Buffer.alloc(bytes.length);
  // The length of the first entry: none follows it.
  readSync(file, before, 0, bytes.length, block * 4096 + 4);
  writeSync(file, bytes, 0, bytes.length, block * 4096 + 4);
  closeSync(file);
  await world.inside("mount", "-o", "loop,nosuid,nodev", image, world.config.target.path);
  return before;
}

/** As if all that was read whole had been so a day before. */
function verifiedADayBefore(): void {
  editState(world, state => ({
    ...state,
    units: Object.fromEntries(
      Object.entries(state.units).map(([name, unit]) => [
        name,
        { ...unit, verifiedMs: (unit.verifiedMs ?? 0) - 86_400_000 },
      ]),
    ),
  }));
}

/** As if the last share had been done a day before. */
function setClockBack(): void {
  editState(world, state => ({ ...state, shareMs: (state.shareMs ?? 0) - 86_400_000 }));
}

/** Such a disk is made and read once, and put back for each test. */
function readOnce(make: () => Promise<unknown>): void {
  beforeAll(async () => {
    world = await createScrubWorld();
    await make();
    expect(await run()).toMatchObject({ status: 0 });
    await world.keep();
  });
  beforeEach(() => world.goBack());
  afterAll(() => world.close());
}

describe("a disk that no run has read", () => {
  beforeEach(async () => {
    world = await createScrubWorld();
  });
  afterEach(() => world.close());

  test("a backup disk that is mounted with suid isn't read, nor does a release of it go live", async () => {
    const { path } = world.config.target;
    await world.inside("mount", "-o", "remount,suid", path);
    for (const words of [[], ["--check-config"]])
      expect(await run(...words)).toMatchObject({
        status: 3,
        stdout: expect.stringContaining("is mounted without nosuid"),
      });
    await world.inside("mount", "-o", "remount,nosuid", path);
    expect(existsSync(catalogue())).toBe(false);
  });

  test("a set-uid file that rotted comes back as it was, on a disk that is closed again to all but root", async () => {
    const { config, disk } = world;
    fill(`${disk}/${claim}/tool`, "tool");
    chmodSync(`${disk}/${claim}/tool`, 0o4755);
    mkdirSync(`${disk}/${nextClaim}`, { recursive: true });
    await world.inside(
      "cp",
      "-a",
      join(config.target.path, claim, "tool"),
      join(config.target.path, nextClaim, "tool"),
    );
    await world.inside("chown", "65534:65534", config.target.path);
    await world.inside("chmod", "0777", config.target.path);
    expect(await run()).toMatchObject({ status: 0 });
    expect(await world.inside("stat", "--format", "%u %g %a", config.target.path)).toBe("0 0 700");
    await world.rot(`${claim}/tool`);
    const mended = await run();
    expect(mended.stdout).toContain("mended");
    expect(lstatSync(`${disk}/${claim}/tool`).mode & 0o7777).toBe(0o4755);
    expect(sha(`${claim}/tool`)).toBe(sha(`${nextClaim}/tool`));
  });

  test("a first run records all of the disk, and a second one finds it as it was and leaves no trace", async () => {
    await makeDisk();
    expect(await run()).toMatchObject({ status: 0 });
    expect(world.metrics()).toMatchObject({ last_status: 0, files: 5, rotten_files: 0 });
    const before = await look({ touched: true });
    const finished = await run("--json");
    expect(JSON.parse(finished.stdout)).toMatchObject({
      status: 0,
      files: 5,
      recorded: 0,
      rotten: 0,
      units: 3,
    });
    expect(differences(before, await look({ touched: true }))).toEqual([]);
  });

  test("what is new, changed with its times, or gone from the mirror is no rot", async () => {
    await makeDisk();
    for (const name of ["grown", "gone"]) fill(`${world.disk}/books/${name}`, name);
    await run();
    rmSync(`${world.disk}/books/novel`);
    fill(`${world.disk}/books/novel`, "other");
    utimesSync(`${world.disk}/books/novel`, 1_700_000_000, 1_700_000_000.123);
    fill(`${world.disk}/books/new`, "new");
    appendFileSync(`${world.disk}/books/grown`, "more");
    rmSync(`${world.disk}/books/gone`);
    chmodSync(`${world.disk}/${claim}/shared`, 0o600);
    expect(await run()).toMatchObject({ status: 0 });
    expect(world.metrics()).toMatchObject({ files: 7, rotten_files: 0 });
    await world.rot("books/new");
    expect((await run()).stdout).toContain('"books/new" of "books"');
  });

  test("a folder above generations that reads as empty costs none of their checksums", async () => {
    await makeDisk();
    const lone = "pvc-data/2026-21/ns/lone";
    fill(`${world.disk}/${lone}/file`, "lone");
    await run();
    const whole = await turnEmpty("pvc-data/2026-21/ns", Buffer.from([0, 0]));
    const { status, stdout } = await run();
    for (const path of [claim, lone])
      expect(stdout).toContain(
        `the generation "${path}" can't be seen, as "pvc-data/2026-21/ns" reads as empty`,
      );
    expect(status).toBe(1);
    await turnEmpty("pvc-data/2026-21/ns", whole);
    await world.rot(`${claim}/own`, `${lone}/file`);
    const after = await run();
    for (const path of [`${claim}/own`, `${lone}/file`]) expect(after.stdout).toContain(`rotten: "${path}"`);
  });

  test.each(inTime(1, ["gives an error", "reads as empty"]))(
    "a folder that %s once costs no checksum below it: what rotted meanwhile is seen",
    async how => {
      for (const name of ["a", "b/c", "b/d"]) fill(`${world.disk}/${claim}/${name}`, name);
      await run();
      const { oldest_verified_timestamp } = world.metrics();
      const isError = how === "gives an error";
      const whole = isError ? undefined : await turnEmpty(`${claim}/b`, Buffer.from([0, 0]));
      const damaged = await world.start([], isError ? failingFolder(world.folder, "/claim/b") : {}).finished;
      expect(damaged.stdout).toContain(
        isError
          ? `"${claim}/b" of "pvc-data/ns/claim" can't be looked at`
          : `2 of 3 files are gone from the generation "${claim}"`,
      );
      expect(damaged.status).toBe(1);
      expect(world.metrics()).toMatchObject({ oldest_verified_timestamp });
      if (whole) await turnEmpty(`${claim}/b`, whole);
      await world.rot(`${claim}/b/c`);
      expect((await run()).stdout).toContain(`known: "${claim}/b/c" of "pvc-data/ns/claim"`);
    },
  );

  test("what can't be looked at doesn't take every night from all else", async () => {
    fill(`${world.disk}/z/folder/file`, "z");
    fill(`${world.disk}/a/file`, "a");
    expect(await world.start([], failingFolder(world.folder, "/z/folder")).finished).toMatchObject({
      status: 1,
    });
    const { stdout } = await run("--dry-run");
    expect(stdout).toContain('would read "z": never read to its end');
    expect(stdout.indexOf('would read "a"')).toBeLessThan(stdout.indexOf('would read "z"'));
  });

  test("files that are gone from a generation are counted at each pass, until it goes or somebody answers for it", async () => {
    await makeDisk();
    fill(`${world.disk}/${claim}/folder/deep`, "deep");
    await run();
    const { oldest_verified_timestamp: first = 0 } = world.metrics();
    verifiedADayBefore();
    rmSync(`${world.disk}/${claim}/folder`, { recursive: true });
    for (const night of ["first", "second"]) {
      const { status, stdout } = await run();
      expect([night, status]).toEqual([night, 1]);
      expect(stdout).toContain(`1 of 3 files are gone from the generation "${claim}"`);
      expect(world.metrics()["oldest_verified_timestamp"]).toBeLessThan(first);
    }
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    world.writeConfig({ accepted: [{ path: claim, reason: "cleaned by hand", until }] });
    expect(await run()).toMatchObject({ status: 0 });
    expect(world.metrics()["oldest_verified_timestamp"]).toBeGreaterThanOrEqual(first);
    world.writeConfig({});
    rmSync(`${world.disk}/${claim}`, { recursive: true });
    expect(await run()).toMatchObject({ status: 0 });
  });

  test("a generation that takes another one's place, or goes, is none of which files are gone", async () => {
    await makeDisk();
    fill(`${world.disk}/${claim}/more`, "more");
    await run();
    const part = `${world.disk}/pvc-data/.part/0`;
    fill(`${part}/own`, "another");
    renameSync(`${world.disk}/${claim}`, `${world.disk}/pvc-data/.part/1`);
    renameSync(part, `${world.disk}/${claim}`);
    rmSync(`${world.disk}/${nextClaim}`, { recursive: true });
    const { status, stdout } = await run();
    expect({ stdout, status }).toEqual({ stdout, status: 0 });
  });

  test("names of any bytes are recorded and told", async () => {
    mkdirSync(`${world.disk}/nasty`);
    const at = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${world.disk}/nasty/`), name]);
    for (const [index, name] of nastyNames.entries()) writeFileSync(at(name), `content ${index}`);
    await world.inside("mkfifo", `${world.config.target.path}/nasty/fifo`);
    await world.inside("ln", "-s", "/etc/passwd", `${world.config.target.path}/nasty/link`);
    expect(await run()).toMatchObject({ status: 0 });
    expect(world.metrics()).toMatchObject({ files: nastyNames.length });
    renameSync(at(nastyNames[1] ?? Buffer.alloc(0)), `${world.disk}/nasty/plain`);
    await world.rot("nasty/plain");
    renameSync(`${world.disk}/nasty/plain`, at(nastyNames[1] ?? Buffer.alloc(0)));
    expect((await run()).stdout).toContain('"nasty/line\\x0abreak" of "nasty"');
  });

  test("a night reads its share, and what was not read for longest comes first", async () => {
    for (const service of ["a", "b", "c", "d"])
      for (let index = 0; index < 10; index += 1) fill(`${world.disk}/${service}/${index}`, service);
    world.writeConfig({ periodMs: 4 * 86_400_000 });
    const nights: number[] = [];
    for (let night = 0; night < 5; night += 1) {
      const { stdout } = await run("--json");
      nights.push((JSON.parse(stdout) as { files: number }).files);
      setClockBack();
    }
    // A quarter of the disk and a quarter more.
    for (const files of nights) expect(files).toBeLessThan(25);
    expect(nights.reduce((sum, files) => sum + files, 0)).toBeGreaterThanOrEqual(40);
    expect(readdirSync(catalogue()).filter(name => name.endsWith(".sums"))).toHaveLength(4);
  });

  test("a file that takes longer to read than a run has time keeps nothing else from its turn", async () => {
    for (const name of ["a/one", "m/disk", "z/one"]) fill(`${world.disk}/${name}`, name);
    expect(await run()).toMatchObject({ status: 0 });
    await world.rot("z/one");
    truncateSync(`${world.disk}/m/disk`, 500 * 2 ** 30);
    const said: string[] = [];
    // The third run, unless a busy machine needs more for a piece.
    for (const budgetMs of [2_000, 2_000, 2_500, 5_000, 10_000, 20_000, 40_000]) {
      if (world.metrics()["rotten_files"] === 1) break;
      world.writeConfig({ budgetMs });
      said.push((await run()).stdout);
    }
    expect(said.join("")).toMatch(
      /"m\/disk" \(536870912000 bytes, holes counted\) can't be read in the time that a run has: from now on it is read in pieces/,
    );
    expect(said.at(-1)).toContain('"z/one" of "z"');
  });

  test("a file whose path no call takes is read, and mended under each of its names", async () => {
    const folders = `i=0; while [ $i -lt 30 ]; do mkdir ${"d".repeat(200)} && cd ${"d".repeat(200)}; i=$((i+1)); done`;
    const script = `mkdir "$1/books" "$1/copy" && cd "$1/books" && ${folders} && seq 5000 >novel && ln novel "$1/books/short" && cp novel "$1/copy/novel"`;
    await world.inside("sh", "-c", script, "sh", world.config.target.path);
    const first = await run();
    if (first.status !== 0) throw new Error(first.stdout.replaceAll("d".repeat(200), "d"));
    const before = sha("books/short");
    await world.rot("books/short");
    const mended = await run();
    expect([mended.stdout, mended.status]).toEqual([expect.stringContaining("mended: "), 1]);
    expect(sha("books/short")).toBe(before);
    expect(lstatSync(`${world.disk}/books/short`).nlink).toBe(2);
    expect(await run()).toMatchObject({ status: 0 });
  });

  // A catalogue that is damaged, below, is read from its beginning in the same way.
  testLong(
    "the list of a pass that is going on is damaged: told, and the unit is read from its beginning",
    async () => {
      for (let index = 0; index < 40; index += 1) fill(`${world.disk}/a/${index}`, "a");
      world.writeConfig({ periodMs: 4 * 86_400_000 });
      await run();
      const list = join(catalogue(), readdirSync(catalogue()).find(name => name.endsWith(".list")) ?? "");
      const bytes = readFileSync(list);
      bytes[bytes.length - 3] = 0x78;
      writeFileSync(list, bytes);
      world.writeConfig({});
      const { status, stdout } = await run();
      expect(stdout).toContain('the list of "a" was damaged');
      expect(status).toBe(1);
      expect(await run()).toMatchObject({ status: 0 });
      expect(world.metrics()).toMatchObject({ files: 40 });
    },
  );

  test("a rotten file is named by a name that still is its, also by a pass that had listed another one", async () => {
    for (let index = 0; index < 40; index += 1) fill(`${world.disk}/a/${index}`, "a");
    fill(`${world.disk}/a/first`, "linked");
    linkSync(`${world.disk}/a/first`, `${world.disk}/a/second`);
    await run();
    setClockBack();
    world.writeConfig({ periodMs: 4 * 86_400_000 });
    await run();
    rmSync(`${world.disk}/a/first`);
    fill(`${world.disk}/a/first`, "another");
    await world.rot("a/second");
    world.writeConfig({});
    const { stdout } = await run();
    expect(stdout).toContain('known: "a/second" of "a"');
    expect(stdout).not.toContain("a/first");
  });

  test("a dry run says what would be read, and changes nothing", async () => {
    await makeDisk();
    const { status, stdout } = await run("--dry-run");
    expect(status).toBe(0);
    expect(stdout).toContain('would read "books": never read to its end');
    expect(existsSync(world.config.stateDir)).toBe(false);
  });

  test("a disk whose file system doesn't say of what kind an entry is, is read all the same", async () => {
    await world.close();
    world = await createScrubWorld(64, "^filetype");
    await makeDisk();
    fill(`${world.disk}/caf\u00e9/menu`, "menu");
    const { status, stdout } = await run();
    expect({ stdout, status }).toEqual({ stdout, status: 0 });
    expect(world.metrics()).toMatchObject({ files: 6, rotten_files: 0 });
  });

  test("refuses another file system than the backup disk", async () => {
    world.writeConfig({ target: { ...world.config.target, fsUuid: "11111111-1111-4111-8111-111111111111" } });
    expect(await run()).toMatchObject({ status: 3 });
  });
});

describe("a disk that was read", () => {
  readOnce(makeDisk);

  test("a byte that rots is named by service and path, night after night, until its file is gone", async () => {
    const { last_success_timestamp } = world.metrics();
    const before = lstatSync(`${world.disk}/${claim}/own`, { bigint: true });
    await world.rot(`${claim}/own`);
    const after = lstatSync(`${world.disk}/${claim}/own`, { bigint: true });
    expect([after.size, after.mtimeNs, after.ctimeNs]).toEqual([before.size, before.mtimeNs, before.ctimeNs]);
    const rotten = sha(`${claim}/own`);
    for (const night of ["first", "second"]) {
      const { status, stdout } = await run();
      expect([night, status]).toEqual([night, 1]);
      expect(stdout).toContain(`"${claim}/own" of "pvc-data/ns/claim"`);
      expect(stdout).toContain("no good copy of them is known");
      // Once it is removed, each night tells that the generation lost a file.
      expect(stdout).toContain(
        "then restore each from elsewhere, or accept it in the estate until its generation goes)",
      );
      expect(world.metrics()).toMatchObject({ last_status: 1, rotten_files: 1, last_success_timestamp });
    }
    const list = await world.start(["list"]).finished;
    expect(list).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`rotten: ${claim}/own of pvc-data/ns/claim`),
    });
    const json = await world.start(["list", "--json"]).finished;
    expect(JSON.parse(json.stdout)).toMatchObject({
      rotten: [{ unit: "pvc-data/ns/claim", names: [`${claim}/own`] }],
      units: expect.arrayContaining([{ unit: "pvc-data/ns/claim", read: expect.stringMatching(/Z$/) }]),
    });
    expect(sha(`${claim}/own`)).toBe(rotten);
    rmSync(`${world.disk}/${claim}`, { recursive: true });
    expect((await world.start(["list"]).finished).stdout).toContain("nothing is known to be rotten");
    expect(await run()).toMatchObject({ status: 0 });
    expect(world.metrics()).toMatchObject({ rotten_files: 0 });
  });

  // plan/contracts/accepted.test.ts has the second in which its last day ends.
  test("a rotten file that is accepted is told and no failure, until its day is over", async () => {
    await world.rot(`${claim}/own`);
    const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const accept = (until: string): void =>
      world.writeConfig({ accepted: [{ path: `${claim}/own`, reason: "made anew by its service", until }] });
    accept(day(1));
    const { status, stdout } = await run();
    expect(stdout).toContain(`accepted until ${day(1)} (made anew by its service): "${claim}/own"`);
    expect(status).toBe(0);
    expect(world.metrics()).toMatchObject({ rotten_files: 0 });
    accept(day(-1));
    expect(await run()).toMatchObject({ status: 1 });
    expect(world.metrics()).toMatchObject({ rotten_files: 1 });
  });

  test("a rotten file of the mirror is mended from the live one, and is in the catalogue as it was", async () => {
    const before = await look();
    for (const night of ["first", "second"]) {
      await world.rot("books/novel");
      const { status, stdout } = await run();
      expect(stdout).toContain('mended: "books/novel" of "books" holds again what was recorded');
      expect([night, status]).toEqual([night, 1]);
      expect(world.metrics()).toMatchObject({ rotten_files: 0, mended_files: 1 });
      expect(differences(before, await look())).toEqual([]);
    }
    expect(await run()).toMatchObject({ status: 0 });
    expect(readdirSync(`${world.disk}/.holdfast/backup-scrub`)).toEqual([]);
    const journal = readdirSync(`${world.config.stateDir}/journal`).filter(name =>
      name.endsWith(".reconcile"),
    );
    const handed = readFileSync(`${world.config.stateDir}/journal/${journal[0]}`, "latin1");
    expect(unsealed(handed)).toBe("books/novel\0\0");
  });

  test.each(inTime(1, ["newer", "of the same age and size, with another content", "a folder"]))(
    "a live file that is %s mends nothing",
    async what => {
      const path = `${world.source}/books/novel`;
      const { mtime, size } = statSync(path);
      if (what === "newer") utimesSync(path, 1_700_000_001, 1_700_000_001);
      else if (what === "a folder") {
        rmSync(path);
        mkdirSync(path);
      } else {
        writeFileSync(path, "x".repeat(size));
        utimesSync(path, mtime, mtime);
      }
      await world.rot("books/novel");
      const before = await look({ touched: true });
      expect((await run()).stdout).toContain("no good copy of them is known");
      expect(differences(before, await look({ touched: true }))).toEqual([]);
    },
  );

  test("a file that is read wrongly once is no rot, and told: it is memory, the cable or the controller", async () => {
    const preload = join(world.folder, "misread.cjs");
    writeFileSync(
      preload,
      `const fs = require("node:fs"), readSync = fs.readSync;
let isDone = false;
fs.readSync = (fd, buffer, ...rest) => {
  const got = readSync(fd, buffer, ...rest);
  if (!isDone && fs.readlinkSync("/proc/self/fd/" + fd).endsWith("/books/novel")) { isDone = true; buffer[0] ^= 1; }
  return got;
};
require("node:module").syncBuiltinESMExports();`,
    );
    const { status, stdout } = await world.start([], { NODE_OPTIONS: `--require ${preload}` }).finished;
    expect(stdout).toContain('"books/novel" was read wrongly once, and rightly then');
    expect(status).toBe(1);
    expect(world.metrics()).toMatchObject({ rotten_files: 0, mended_files: 0 });
    expect(await run()).toMatchObject({ status: 0 });
  });

  test("a generation's file that was written to and has no copy is rotten, also once it was written to again", async () => {
    for (const text of ["more", "and more"]) {
      appendFileSync(`${world.disk}/pve-config/2026-22/files/interfaces`, text);
      const { status, stdout } = await run();
      expect(stdout).toMatch(
        /"pve-config\/2026-22\/files\/interfaces" of "pve-config": .* it was written to/,
      );
      expect(status).toBe(1);
      expect(world.metrics()).toMatchObject({ rotten_files: 1 });
    }
  });

  // What was written to is told above.
  testLong("a generation's file that was written to, and is as long as it was, is told as such", async () => {
    const file = `${world.disk}/pve-config/2026-22/files/interfaces`;
    const { size } = statSync(file);
    writeFileSync(file, "x".repeat(size));
    const { status, stdout } = await run();
    expect(stdout).toMatch(
      new RegExp(`it was written to at \\d{4}-\\S+Z, and has ${size} bytes as it had, and other content`),
    );
    expect(stdout).toMatch(/Next: smartctl --all .* \(apt-get install smartmontools if there is none; then /);
    expect(status).toBe(1);
  });

  test("a generation's file of which only the time was changed holds what was recorded", async () => {
    utimesSync(`${world.disk}/${claim}/own`, 1_700_000_000, 1_700_000_000);
    expect(await run()).toMatchObject({ status: 0 });
  });

  test.each(inTime(1, ["bit", "end", "all"]))(
    "a catalogue that is damaged (%s) is told, made anew, and not trusted",
    async what => {
      const sizes = readdirSync(catalogue()).map(name => statSync(join(catalogue(), name)).size);
      const file = join(catalogue(), readdirSync(catalogue())[sizes.indexOf(Math.max(...sizes))] ?? "");
      const bytes = readFileSync(file);
      if (what === "all") rmSync(file);
      else if (what === "end") truncateSync(file, bytes.length - 80);
      else {
        bytes[40] = (bytes[40] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      }
      const { status, stdout } = await run();
      expect(stdout).toMatch(/the catalogue of "pvc-data\/ns\/claim" (was|is gone or) damaged/);
      expect(status).toBe(1);
      expect(world.metrics()).toMatchObject({ rotten_files: 0 });
      expect(await run()).toMatchObject({ status: 0 });
      await world.rot(`${claim}/own`);
      expect((await run()).stdout).toContain(`"${claim}/own" of "pvc-data/ns/claim"`);
    },
  );

  // So is one of the catalogue, above.
  testLong(
    "the record of what was read when is damaged: told, and made anew from the catalogue",
    async () => {
      const { oldest_verified_timestamp } = world.metrics();
      appendFileSync(join(world.config.stateDir, "standing"), "x");
      writeFileSync(join(world.config.stateDir, "standing"), "x");
      const { status, stdout } = await run();
      expect(stdout).toContain("the record of what was read when was damaged");
      expect(status).toBe(1);
      expect(world.metrics()["oldest_verified_timestamp"]).toBeGreaterThanOrEqual(
        oldest_verified_timestamp ?? 0,
      );
      expect(await run()).toMatchObject({ status: 0 });
    },
  );

  // The alert goes by the age of what was not read for longest.
  testLong("what a clock that was ahead has read counts for nothing: it is read first", async () => {
    const clock = createSteppingClock(world.folder);
    const readAt = async (days: number): Promise<FinishedRun> => {
      clock.aheadDays = days;
      return world.start([], clock.environment()).finished;
    };
    for (const service of ["a", "b", "c"]) fill(`${world.disk}/${service}/only`, service);
    expect((await readAt(40)).status).toBe(0);
    expect((await readAt(0)).stdout).toContain("this host's clock went back");
    // So little is a night's share that it is one file.
    world.writeConfig({ periodMs: 10_000 * 86_400_000 });
    for (const days of [0, 0, 10, 20, 30]) expect((await readAt(days)).status).toBe(0);
    expect(world.metrics()["oldest_verified_timestamp"]).toBeLessThanOrEqual(Date.now() / 1000);
  });
});

describe("a disk with another copy of a file that generations share", () => {
  const third = "pvc-data/2026-23/ns/claim";
  readOnce(async () => {
    await makeDisk();
    const disk = world.config.target.path;
    // What a comparison of contents leaves: the volume's good file once more, in the newest generation.
    await world.inside("mkdir", "-p", `${disk}/${dirname(third)}`);
    await world.inside("cp", "-a", `${disk}/${nextClaim}`, `${disk}/${third}`);
  });

  test("a file that generations share is mended in all of them, with all that belongs to it, and stays one file", async () => {
    const before = await look();
    await world.rot(`${claim}/shared`);
    const { stdout } = await run();
    expect(stdout).toContain("(and 1 more names)");
    expect(stdout).toContain(`mended from "${world.config.target.path}/${third}/shared"`);
    expect(differences(before, await look())).toEqual([]);
    expect(lstatSync(`${world.disk}/${claim}/shared`).ino).toBe(
      lstatSync(`${world.disk}/${nextClaim}/shared`).ino,
    );
    expect(await run()).toMatchObject({ status: 0 });
  });

  test("a copy that rots too is no good copy", async () => {
    await world.rot(`${claim}/shared`, `${third}/shared`);
    const before = await look({ touched: true });
    const { stdout } = await run();
    expect(stdout).toContain("2 files of the backup disk don't hold what was recorded");
    expect(differences(before, await look({ touched: true }))).toEqual([]);
  });

  test("a rotten file gets a name in a generation that is made meanwhile: it is mended there too", async () => {
    await world.rot(`${claim}/shared`);
    // Nothing is mended while another job runs.
    const [lock = ""] = world.config.writers;
    const writer = spawn("flock", [
      "--no-fork",
      lock,
      "sh",
      "-c",
      `touch ${world.folder}/held; exec sleep 600`,
    ]);
    while (!existsSync(`${world.folder}/held`)) await new Promise(resolve => setTimeout(resolve, 5));
    const { status, stdout } = await run();
    writer.kill();
    await once(writer, "exit");
    expect(stdout).toContain("another job writes to the disk");
    expect(status).toBe(1);
    mkdirSync(`${world.disk}/pvc-data/2026-24/ns/claim`, { recursive: true });
    linkSync(`${world.disk}/${claim}/shared`, `${world.disk}/pvc-data/2026-24/ns/claim/shared`);
    expect((await run()).stdout).toContain("mended:");
    expect(sha("pvc-data/2026-24/ns/claim/shared")).toBe(sha("pvc-data/2026-23/ns/claim/shared"));
    expect(lstatSync(`${world.disk}/${claim}/shared`).nlink).toBe(3);
    expect(await run()).toMatchObject({ status: 0 });
  });

  // One that got it before that is mended, above.
  testLong(
    "a rotten file that gets a name while it is mended is left for the next run; what mends it was read from the disk",
    async () => {
      await world.rot(`${claim}/shared`);
      const disk = world.config.target.path;
      const read = join(world.folder, "read");
      // Just before the last look at the names, while no other job is kept away yet.
      world.shadow(
        "flock",
        `case "$(readlink /proc/self/fd/3) $*" in *daily-backup*) ln ${disk}/${claim}/shared ${disk}/${claim}/new;; esac; exec REAL "$@"`,
      );
      const { status, stdout } = await run();
      expect(stdout).toContain("isn't mended yet: its names have changed meanwhile");
      expect(status).toBe(1);
      world.unshadow();
      world.shadow("dd", `readlink /proc/self/fd/3 >>${read}; exec REAL "$@"`);
      expect((await run()).stdout).toContain("mended:");
      for (const path of [`${claim}/shared`, `${claim}/new`, `${nextClaim}/shared`])
        expect(sha(path)).toBe(sha("pvc-data/2026-23/ns/claim/shared"));
      expect(readFileSync(read, "utf8")).toContain(`${disk}/.holdfast/backup-scrub/new\n`);
    },
  );

  test("a generation's file that was written to is mended from a copy, with its time, in all generations", async () => {
    const before = await look();
    truncateSync(`${world.disk}/${nextClaim}/shared`, 10);
    const { status, stdout } = await run();
    expect(stdout).toContain(`mended: "${claim}/shared" (and 1 more names)`);
    expect(stdout).toContain("files of generations were written to");
    expect(status).toBe(1);
    expect(differences(before, await look())).toEqual([]);
    expect(await run()).toMatchObject({ status: 0 });
  });
});
