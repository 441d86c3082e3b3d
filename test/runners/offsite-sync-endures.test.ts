import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { debianPackages } from "../../lab/debian";
import { openSegment } from "../../host-scripts/runtime/journal";
import { long, testLong } from "../long";
import { type OffsiteLaw, offsiteLaw } from "./support/offsite-law";
import { damageFile } from "./support/disk-image";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";
import { first, through } from "./support/through";

/*
 * What happens to a destination, and on the way there, while it is sent to. Its tree lies on a disk of its own. The world goes on from
 * test to test.
 */
let world: OffsiteWorld;
let law: OffsiteLaw;

beforeAll(async () => {
  world = await createOffsiteWorld(160, 160);
  for (const folder of [join(world.backup, "books"), join(world.photos, "immich")]) mkdirSync(folder);
  writeFileSync(join(world.backup, "books/one"), "a book");
  writeFileSync(join(world.photos, "immich/photo"), "a photo");
  await succeeds();
  law = offsiteLaw(world, { backup: "pve-backup", "photos/immich": "nfs/immich" });
});
// Each test ends with a good run. After one that failed the next would wait for what nobody opens.
afterEach(() => {
  world.far.unshadow();
  law.holds();
});
afterAll(() => world.close());

const far = (path: string): string => world.far.outside(join(world.far.tree, "pve-backup", path));

function put(path: string, content: string | Buffer = "x"): void {
  writeFileSync(join(world.backup, path), content);
  const segment = openSegment(world.journal, "paths");
  segment.add(Buffer.from(path));
  segment.promote();
}

function random(megabytes: number): Buffer {
  return execFileSync("head", ["-c", String(megabytes * 1024 * 1024), "/dev/urandom"], {
    maxBuffer: 1 << 30,
  });
}

type Ended = FinishedRun & { result: { wireBytes: number; bytes: number; repaired: number } };

async function run(): Promise<Ended> {
  const finished = await world.start(["--json"]).finished;
  return { ...finished, result: JSON.parse(finished.stdout || "{}") as Ended["result"] };
}

async function succeeds(): Promise<Ended> {
  const finished = await run();
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

/** What the destination says of it is lost now and then: it may have ended before that was read here. */
const noRoom =
  /nas (has (no room for .*No space left|no quota left for .*Disk quota exceeded)|could not write .*why was lost with its end)/;

/** The host is told of a failure, and of no success. */
async function fails(): Promise<Ended> {
  const before = world.metrics();
  const ended = await run();
  expect(ended.status).toBe(1);
  expect(world.metrics()).toMatchObject({
    last_status: 1,
    last_success_timestamp: before["last_success_timestamp"],
    'leg_last_success_timestamp{leg="backup"}': before['leg_last_success_timestamp{leg="backup"}'],
  });
  return ended;
}

// What was cut goes on in the next test too, also where the file changes meanwhile.
testLong("of many files and a large one that was cut at nine tenths, only the rest is sent", async () => {
  const mebibyte = 1024 * 1024;
  for (let index = 10; index < 18; index += 1) put(`books/${index}`, random(1));
  put("books/large", random(40));
  through(world.far, first(44 * mebibyte));
  await fails();
  through(world.far, `tee -a ${world.far.tree}/wire`);
  await succeeds();
  world.far.unshadow();
  const wire = world.far.outside(join(world.far.tree, "wire"));
  const sent = readFileSync(wire).length;
  rmSync(wire);
  expect(sent).toBeGreaterThan(4 * mebibyte);
  expect(sent).toBeLessThan(6 * mebibyte);
  for (const name of ["17", "large"])
    expect(readFileSync(far(`books/${name}`)).equals(readFileSync(join(world.backup, "books", name)))).toBe(
      true,
    );
});

test("a run that is killed at nine tenths of a file, which changes then, leaves the next one the rest and the change", async () => {
  const mebibyte = 1024 * 1024;
  const [content, gate] = [random(40), join(world.far.tree, "gate")];
  put("books/cut", content);
  through(world.far, `sh -c '${first(36 * mebibyte)}; touch ${gate}; cat >/dev/null'`);
  const running = world.start();
  await running.until(() => existsSync(world.far.outside(gate)));
  const leftovers = far("books/.holdfast-partial/cut");
  running.kill("SIGKILL");
  await running.finished;
  while (!existsSync(leftovers)) await sleep(50);
  expect(existsSync(far("books/cut"))).toBe(false);
  random(1).copy(content, 10 * mebibyte);
  put("books/cut", content);
  const wire = join(world.far.tree, "wire");
  through(world.far, `tee -a ${wire}`);
  const { result } = await succeeds();
  world.far.unshadow();
  const sent = readFileSync(world.far.outside(wire)).length;
  for (const name of [gate, wire]) rmSync(world.far.outside(name));
  expect(sent).toBeGreaterThan(5 * mebibyte);
  expect(sent).toBeLessThan(7 * mebibyte);
  expect(readFileSync(far("books/cut")).equals(content)).toBe(true);
  expect([result.repaired, existsSync(leftovers)]).toEqual([0, false]);
  // The disks hold no two of it beside what comes.
  for (const end of [join(world.backup, "books/cut"), far("books/cut")]) rmSync(end);
});

test("the holes of a large file take no room on the wire, nor there, by whichever way it is sent", async () => {
  const mebibyte = 1024 * 1024;
  const megabytes = long ? 8_192 : 160;
  const holed = join(world.backup, "books/holed");
  const write = (content: Buffer, at: number): void => {
    const open = openSync(holed, existsSync(holed) ? "r+" : "w");
    writeSync(open, content, 0, content.length, at);
    closeSync(open);
  };
  const isThere = (): void => {
    execFileSync("cmp", [holed, far("books/holed")]);
    expect(statSync(far("books/holed")).blocks * 512).toBeLessThan(4 * mebibyte);
  };
  write(random(1), (megabytes - 1) * mebibyte);
  linkSync(holed, join(world.backup, "books/holed too"));
  put("books/beside the holes", random(1));
  // All is compared.
  rmSync(join(world.config.stateDir, "memory.json"));
  const { result: all } = await succeeds();
  expect(all.wireBytes).toBeGreaterThan(2 * mebibyte);
  expect(all.wireBytes).toBeLessThan((2.2 + megabytes / 100) * mebibyte);
  isThere();
  expect(statSync(far("books/holed too")).ino).toBe(statSync(far("books/holed")).ino);
  // By name.
  write(random(1), (megabytes / 2) * mebibyte);
  const segment = openSegment(world.journal, "paths");
  for (const name of ["books/holed", "books/holed too"]) segment.add(Buffer.from(name));
  segment.promote();
  const { result: listed, stderr } = await succeeds();
  expect(stderr).toContain("by list: 2 names");
  expect(listed.wireBytes).toBeLessThan((1.2 + megabytes / 100) * mebibyte);
  isThere();
  for (const name of ["holed", "holed too"]) rmSync(join(world.backup, "books", name));
});

// The holes by each way are tested above.
testLong(
  "a destination that refuses what is packed gets the holes of a large file all the same, and that is said",
  async () => {
    const holed = join(world.backup, "books/refused");
    const open = openSync(holed, "w");
    writeSync(open, "behind the hole", 70 * 1024 * 1024);
    closeSync(open);
    put("books/beside what is refused");
    const segment = openSegment(world.journal, "paths");
    segment.add(Buffer.from("books/refused"));
    segment.promote();
    world.far.configureModule("refuse options = compress");
    const { stderr, result } = await succeeds();
    world.far.configureModule();
    expect(stderr).toContain("nas takes nothing that is packed");
    expect(result.wireBytes).toBeGreaterThan(70 * 1024 * 1024);
    execFileSync("cmp", [holed, far("books/refused")]);
    expect(statSync(far("books/refused")).blocks).toBeLessThan(100);
    expect(world.metrics()).toMatchObject({ last_status: 0, 'leg_debt_files{leg="backup"}': 0 });
    rmSync(holed);
  },
);

// A smaller one is cut above. Past 2 GiB, where a number of 32 bits ends; a file of 20 GB would take 60 of disks.
testLong("a file of more than 2 GiB that was cut at nineteen twentieths sends the rest alone", async () => {
  const [mebibyte, size] = [1024 * 1024, 2_200];
  const large = await createOffsiteWorld(size + 200, 2 * size + 400);
  try {
    large.writeConfig({ legs: large.config.legs.slice(0, 1) });
    const file = join(large.backup, "large");
    writeFileSync(file, "");
    for (let at = 0; at < size; at += 40) appendFileSync(file, random(40));
    through(large.far, first((size / 20) * 19 * mebibyte));
    expect((await large.start(["--json"]).finished).status).toBe(1);
    large.far.unshadow();
    const { status, stdout, stderr } = await large.start(["--json"]).finished;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { wireBytes } = JSON.parse(stdout) as { wireBytes: number };
    expect(wireBytes).toBeGreaterThan((size / 20) * mebibyte - mebibyte);
    expect(wireBytes).toBeLessThan((size / 20) * 1.2 * mebibyte);
    execFileSync("cmp", [file, large.far.outside(join(large.far.tree, "pve-backup/large"))]);
  } finally {
    await large.close();
  }
});

test("at an hour with a limit it sends no faster, and when that ends what was cut goes on", async () => {
  const dayMs = 86_400_000;
  const limited = (fromMs: number, forMs: number, bytesPerSecond: number): void => {
    const [from, to] = [fromMs % dayMs, (fromMs + forMs) % dayMs];
    world.writeConfig({ pace: { zone: "UTC", limits: [{ fromMs: from, toMs: to, bytesPerSecond }] } });
  };
  const asked = join(world.folder, "asked");
  world.shadow("rsync", `echo "$@" >>${asked}\nexec REAL "$@"`);
  const sessions = join(world.far.tree, "sessions");
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions}; exec REAL --server --daemon --config=CONFIG .`);
  // At this pace it takes an hour. A run that had not begun when the limit ended shows nothing.
  let said = "";
  for (const seconds of [8, 30, 90]) {
    limited(Date.now() - 1000, seconds * 1000, 10_240);
    put("books/hour", random(40));
    rmSync(world.far.outside(sessions), { force: true });
    said = (await succeeds()).stderr;
    if (said.includes("what was cut goes on")) break;
  }
  world.writeConfig({});
  world.unshadow("rsync");
  world.far.unshadow();
  // One until what is sent is cut, and one for all that comes then.
  const connections = readFileSync(world.far.outside(sessions), "utf8").trim().split("\n");
  expect([connections.length > 4, new Set(connections).size]).toEqual([true, 2]);
  const sending = readFileSync(asked, "utf8")
    .split("\n")
    .filter(line => line.includes("--partial-dir"));
  expect(sending.filter(line => line.includes(" --bwlimit=10 ")).length).toBeGreaterThan(0);
  expect(sending.filter(line => / --dry-run .*--bwlimit| --bwlimit.* --dry-run/.test(line))).toEqual([]);
  expect(said).toContain("from now on at any number of bytes a second; what was cut goes on");
  expect(readFileSync(far("books/hour")).equals(readFileSync(join(world.backup, "books/hour")))).toBe(true);
});

test("a connection on which nothing moves any more ends, and what it had begun is made up", async () => {
  put("books/stalled", random(8));
  // Its session stands still with both directions, as behind a firewall that forgot the connection.
  through(world.far, `sh -c '${first(4 * 1024 * 1024)}; kill -STOP '$PPID`);
  world.writeConfig({ stallMs: 15_000 });
  const { stderr } = await fails();
  world.writeConfig({});
  world.far.unshadow();
  await world.far.stop();
  await world.far.start();
  expect(stderr).toMatch(/rsync ended with 30 at .*backup: .*timeout/);
  await succeeds();
  expect(existsSync(far("books/stalled"))).toBe(true);
});

// offsite-sync-power.test.ts has one that loses its power when all was sent and compared.
testLong(
  "a destination that goes when it has got all, and before it has shown so, is believed nothing",
  async () => {
    put("books/last words", "an edition");
    const arrived = join(world.far.tree, "pve-backup/books/last words");
    world.far.shadow(`[ ! -e '${arrived}' ] || exit 1; exec REAL --server --daemon --config=CONFIG .`);
    await fails();
    world.far.unshadow();
    expect(readFileSync(far("books/last words"), "utf8")).toBe("an edition");
    const { result, stderr } = await succeeds();
    expect(stderr).toContain("by list: 1 names");
    expect(result.bytes).toBe(0);
  },
);

test("a destination without room says so, keeps what it has, and gets the rest once there is some", async () => {
  put("books/before it is full");
  await succeeds();
  const filler = world.far.outside(join(world.far.tree, "filler"));
  expect(() => execFileSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=1M"], { stdio: "ignore" })).toThrow();
  put("books/no-room", random(4));
  const { stderr } = await fails();
  expect(stderr).toMatch(noRoom);
  // Nor has it room for the record of that, which names nothing of it.
  expect(stderr).toMatch(/the first is \S+backup"?: /);
  expect(stderr).toMatch(/Next: ssh nas@127\.0\.0\.1 -p \d+ '?df -h/);
  expect(existsSync(far("books/before it is full"))).toBe(true);
  rmSync(filler);
  await succeeds();
  expect(existsSync(far("books/no-room"))).toBe(true);
});

// One without room, above, takes the same way.
testLong("a destination that has become read-only gets nothing, and all of it once it isn't", async () => {
  put("books/read-only");
  await world.far.inside("mount", "-o", "remount,ro", world.far.tree);
  const { stderr } = await fails();
  expect(stderr).toMatch(/as nas is read-only, and doesn't take them.*Read-only file system/);
  expect(stderr).toMatch(/Next: ssh nas@\S+ -p \d+ dmesg/);
  await world.far.inside("mount", "-o", "remount,rw", world.far.tree);
  await succeeds();
  expect(existsSync(far("books/read-only"))).toBe(true);
});

// One without room, above, takes the same way; that all else arrives is tested by what is in the place of a folder.
testLong("what the account may not write there is named, and all else arrives", async () => {
  put("books/beside");
  mkdirSync(join(world.backup, "locked"));
  put("locked/one");
  await succeeds();
  await world.far.inside("chown", "-R", "0:0", join(world.far.tree, "pve-backup/locked"));
  put("locked/one", "another edition");
  put("books/beside", "another edition");
  const { stderr } = await fails();
  expect(stderr).toMatch(/as nas doesn't let its account write them.*locked.*Permission denied/);
  expect(stderr).toMatch(/Next: ssh nas@\S+ -p \d+ ls -la/);
  expect(readFileSync(far("books/beside"), "utf8")).toBe("another edition");
  await world.far.inside("chown", "-R", "64000:64000", join(world.far.tree, "pve-backup/locked"));
  await succeeds();
  expect(readFileSync(far("locked/one"), "utf8")).toBe("another edition");
});

test("a file in the place of a folder waits for an answer, as what the folder held would go, and all else arrives", async () => {
  mkdirSync(join(world.backup, "was a folder"));
  for (const name of ["one", "two"]) put(`was a folder/${name}`);
  await succeeds();
  put("was a folder/one", "x");
  rmSync(join(world.backup, "was a folder"), { recursive: true });
  put("was a folder", "a file");
  put("books/beside", "a third edition");
  const { stderr } = await fails();
  expect(stderr).toContain("was a folder");
  const accept = `--accept=${join(world.folder, "backup/was a folder")}`;
  expect(stderr).toContain(`Next: ls -la '${join(world.folder, "backup/was a folder")}'`);
  expect(stderr).toContain("--accept=");
  expect(readFileSync(far("was a folder/one"), "utf8")).toBe("x");
  expect(readFileSync(far("books/beside"), "utf8")).toBe("a third edition");
  const slip = await world.start(["--json", `${accept}er`]).finished;
  expect(slip.stderr).toContain("did you mean");
  const previewed = await world.start(["--dry-run", "--json", accept]).finished;
  expect(previewed).toMatchObject({
    status: 0,
    stderr: expect.stringContaining(
      "backup/was a folder: would take the place of a folder at nas, with which 2 files go",
    ) as string,
  });
  expect(readFileSync(far("was a folder/one"), "utf8")).toBe("x");
  const answered = await world.start(["--json", accept]).finished;
  if (answered.status !== 0) throw new Error(answered.stderr);
  expect(readFileSync(far("was a folder"), "utf8")).toBe("a file");
  law.forget("pve-backup/was a folder/");
  await succeeds();
});

test("a file that changes while it is sent is no failure and no damage, and is there as it is after the next run", async () => {
  const file = join(world.backup, "books/changes");
  put("books/changes", random(8));
  const gate = join(world.far.tree, "gate");
  // Half of it has arrived when the rest of the file is changed.
  through(
    world.far,
    `sh -c '${first(4_000_000)}; touch ${gate}; until [ -e ${gate}.open ]; do sleep 0.05; done; cat'`,
  );
  const running = world.start(["--json"]);
  await running.until(() => existsSync(world.far.outside(gate)));
  appendFileSync(file, "written while it was sent");
  const changed = readFileSync(file);
  changed.writeUInt8(changed.readUInt8(10) ^ 1, 10);
  // In its place, as a program does: emptied and written anew, rsync might find it half as long.
  const open = openSync(file, "r+");
  writeSync(open, changed, 0, 16, 0);
  closeSync(open);
  writeFileSync(world.far.outside(`${gate}.open`), "");
  const ended = await running.finished;
  world.far.unshadow();
  for (const name of [gate, `${gate}.open`]) rmSync(world.far.outside(name), { force: true });
  if (ended.status !== 0) throw new Error(ended.stderr);
  put("books/changes", changed);
  const { result } = await succeeds();
  expect(result.repaired).toBe(0);
  expect(readFileSync(far("books/changes")).equals(changed)).toBe(true);
  expect(world.metrics()["doubtful_files"]).toBe(0);
});

test("a banner of the destination's doesn't stand before why a run failed", async () => {
  const banner = join(world.folder, "far", "banner");
  writeFileSync(banner, "All that you do here is logged.\n".repeat(8), { mode: 0o644 });
  await world.far.stop();
  world.far.configure(`Banner ${banner}`, "DenyUsers nas");
  await world.far.start();
  const { stderr } = await fails();
  expect(stderr).toContain("Permission denied (publickey");
  expect(stderr).not.toContain("All that you do here");
  await world.far.stop();
  world.far.configure();
  await world.far.start();
  await succeeds();
});

// offsite-sync.test.ts has another key of the same type.
testLong("a destination that has a key of another type only is another machine", async () => {
  const key = join(world.folder, "far", "other");
  execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-f", key]);
  await world.far.stop();
  world.far.configure(`HostKey ${key}`, "HostKeyAlgorithms ecdsa-sha2-nistp256");
  await world.far.start();
  const { stderr } = await fails();
  await world.far.stop();
  world.far.configure();
  await world.far.start();
  expect(stderr).toContain("ssh gave no reason, as it gives none where nas has no key of the pinned type");
  await succeeds();
});

// Its class is tested above by a disk without room.
testLong("a share whose quota is used up says so, and gets the rest once it has more", async () => {
  mkdirSync(join(world.backup, "shared/share"), { recursive: true });
  put("shared/share/one");
  await succeeds();
  // As on a Synology: a subvolume of btrfs with a limit of its own.
  const programs = await debianPackages("btrfs", ["btrfs-progs", "liblzo2-2"]);
  const libraries = ["usr/lib", "lib"].map(path => join(programs, path, "x86_64-linux-gnu")).join(":");
  const environment = `LD_LIBRARY_PATH=${libraries}`;
  const place = join(world.far.tree, "pve-backup/shared");
  const image = join(world.folder, "far", "share.img");
  execFileSync("truncate", ["--size=128M", image]);
  execFileSync("env", [environment, join(programs, "sbin/mkfs.btrfs"), "--quiet", "--mixed", image], {
    stdio: "ignore",
  });
  const btrfs = (...words: string[]) =>
    world.far.inside("env", environment, join(programs, "bin/btrfs"), ...words);
  await world.far.inside("mount", "-o", "loop", image, place);
  await btrfs("quota", "enable", place);
  await btrfs("subvolume", "create", join(place, "share"));
  await btrfs("qgroup", "limit", "3M", join(place, "share"));
  await world.far.inside("chown", "-R", "64000:64000", place);
  // It is another disk by now.
  put("shared/share/one");
  put("shared/share/no-room", random(4));
  put("books/beside the share", "an edition");
  const { stderr } = await fails();
  expect(stderr).toMatch(noRoom);
  expect(stderr).toMatch(/raise the quota|why was lost/);
  await btrfs("qgroup", "limit", "16M", join(place, "share"));
  await succeeds();
  expect(readFileSync(far("shared/share/no-room"))).toHaveLength(4 * 1024 * 1024);
  expect(readFileSync(far("books/beside the share"), "utf8")).toBe("an edition");
});

test("a file that the host's own disk can't read is named, stays there as it was sent last, and all else arrives", async () => {
  const [, leg] = world.config.legs;
  const image = join(world.folder, "photos.img");
  const file = join(world.photos, "immich/pieces");
  const there = (name: string): string => world.far.outside(join(world.far.tree, "nfs/immich", name));
  const open = openSync(file, "w");
  for (let at = 0; at < 40; at += 1) writeSync(open, Buffer.alloc(4096, at + 1), 0, 4096, 2 * at * 4096);
  closeSync(open);
  await succeeds();
  const before = readFileSync(file);
  appendFileSync(file, "another edition");
  writeFileSync(join(world.photos, "immich/beside"), "another photo");
  const { bsize } = statfsSync(world.photos);
  const mountedAt = join(world.folder, "photos");
  await world.inside("umount", mountedAt);
  await damageFile(image, "immich/pieces", bsize);
  await world.mount("photos");
  const successMs = world.metrics()['leg_last_success_timestamp{leg="photos/immich"}'];
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /1 entries of "\S+immich" were not sent, first "pieces": .*Input\/output error \(5\)/,
  );
  expect(stderr).toMatch(/Next: ls -la .*dmesg/);
  expect(readFileSync(there("pieces")).equals(before)).toBe(true);
  expect(readFileSync(there("beside"), "utf8")).toBe("another photo");
  const { 'leg_debt_files{leg="photos/immich"}': debt, ...told } = world.metrics();
  expect(debt).toBeGreaterThan(0);
  expect(told).toMatchObject({
    'leg_last_status{leg="photos/immich"}': 1,
    'leg_last_success_timestamp{leg="photos/immich"}': successMs,
    'leg_last_status{leg="backup"}': 0,
  });
  // A new disk in its place, to which what there was comes back.
  await world.inside("umount", mountedAt);
  execFileSync("mkfs.ext4", ["-q", "-F", "-U", leg?.mount.fsUuid ?? "", image]);
  await world.mount("photos");
  mkdirSync(join(world.photos, "immich"));
  writeFileSync(join(world.photos, "immich/photo"), "a photo");
  await succeeds();
  expect(readFileSync(there("pieces")).equals(before)).toBe(true);
});
