import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { versionsAnswer } from "../../plan/contracts/versions";
import { openSegment } from "../../host-scripts/runtime/journal";
import { inTime, long, testLong } from "../long";
import { startFar } from "./support/far";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import { makeNasty } from "./support/nasty";
import type { FinishedRun } from "./support/started-run";
import { differences, snapshot } from "./support/tree";

/*
 * Real rsync over a real sshd, to an account that may only talk to one module of an rsync daemon. The world goes on from test to test,
 * as a host and its destination do.
 */
let world: OffsiteWorld;
/** A name that is a wildcard, too, and one for "books". */
const pattern = "[b]\\ooks";

beforeAll(async () => {
  world = await createOffsiteWorld();
  const { backup, photos } = world;
  for (const folder of [
    ".holdfast",
    "books",
    pattern,
    "scratch",
    "pvc-data/2026-21/app/data",
    "pvc-data/2026-22/app/data",
    "pvc-data/.part/0",
  ])
    mkdirSync(join(backup, folder), { recursive: true });
  mkdirSync(join(photos, "immich"));
  writeFileSync(join(backup, ".holdfast/mark"), "own\n");
  writeFileSync(join(backup, "scratch/left-out"), "x");
  writeFileSync(join(backup, "pvc-data/.part/0/half"), "x");
  writeFileSync(join(backup, "books/one"), "a book");
  writeFileSync(join(backup, pattern, "own"), "no book");
  writeFileSync(join(backup, "pvc-data/2026-21/app/data/same"), "the same in both");
  linkSync(join(backup, "pvc-data/2026-21/app/data/same"), join(backup, "pvc-data/2026-22/app/data/same"));
  writeFileSync(join(backup, "pvc-data/2026-21/app/data/other"), "of 21");
  writeFileSync(join(backup, "pvc-data/2026-22/app/data/other"), "of week 22");
  writeFileSync(join(photos, "immich/photo"), "a photo");
  await makeNasty({
    source: join(photos, "immich"),
    config: { source: { path: join(world.folder, "photos/immich") } },
    inside: world.inside,
  } as never);
  // Names of this kind are the far side's own.
  await world.inside("setfattr", "-x", "user.rsync.%stat", join(world.folder, "photos/immich/nasty/sparse"));
});
afterAll(() => world.close());

const far = (path: string): string => join(world.far.tree, path);

function hand(kind: "paths" | "reconcile", ...paths: (string | Buffer)[]): void {
  const segment = openSegment(world.journal, kind);
  for (const path of paths) segment.add(Buffer.from(path as string));
  segment.promote();
}

/** A week. */
const nightsAway = long ? 7 : 1;

async function run(...args: string[]): Promise<FinishedRun & { result: Record<string, unknown> }> {
  const finished = await world.start([...args, "--json"]).finished;
  return { ...finished, result: JSON.parse(finished.stdout || "{}") as Record<string, unknown> };
}

async function succeeds(...args: string[]) {
  const finished = await run(...args);
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

test("of a leg that was never there nobody can tell what is owed while its source is away", async () => {
  await world.inside("umount", join(world.folder, "photos"));
  world.shadow("rsync", "exit 10");
  await run();
  world.unshadow("rsync");
  await world.mount("photos");
  const told = world.metrics();
  expect(told).toMatchObject({
    'leg_last_status{leg="photos/immich"}': 1,
    'leg_oldest_change_timestamp{leg="photos/immich"}': 0,
  });
  expect(told['leg_debt_files{leg="backup"}']).toBeGreaterThan(0);
  expect(told).not.toHaveProperty(['leg_debt_files{leg="photos/immich"}']);
  expect(told).not.toHaveProperty(['leg_debt_bytes{leg="photos/immich"}']);
});

test("a first run sends all of each leg, but nothing unfinished, left out, or the runners' own", async () => {
  const { result } = await succeeds();
  expect(result).toMatchObject({ status: 0, held: [], repaired: 0 });
  expect(readdirSync(far("")).sort()).toEqual([".holdfast", "nfs", "pve-backup"]);
  expect(readdirSync(far("pve-backup")).sort()).toEqual([pattern, "books", "pvc-data"]);
  expect(readdirSync(far("pve-backup/pvc-data")).sort()).toEqual(["2026-21", "2026-22"]);
  expect(world.metrics()).toMatchObject({ last_status: 0, 'leg_debt_files{leg="backup"}': 0 });
  expect(world.metrics()['leg_last_success_timestamp{leg="photos/immich"}']).toBeGreaterThan(1e9);
  expect(world.pushes.received.map(({ path }) => path)).toContain(
    "/metrics/job/offsite-backup-sync/instance/pve",
  );
});

test("a generation is linked to the one before it there", () => {
  const [first, second] = ["2026-21", "2026-22"].map(week =>
    lstatSync(far(`pve-backup/pvc-data/${week}/app/data/same`)),
  );
  expect(second?.ino).toBe(first?.ino);
  expect(readFileSync(far("pve-backup/pvc-data/2026-21/app/data/other"), "utf8")).toBe("of 21");
});

test("owners, modes, ACLs, attributes, links, devices and holes come back from an account that may not chown", async () => {
  const into = join(world.folder, "photos", "restored");
  await world.inside("mkdir", "-m", "0700", into);
  const read = far(".read");
  world.far.shadow(
    `REAL --server --daemon --config=CONFIG .; code=$?; read -r _ bytes </proc/self/io; echo $bytes >>${read}; exit $code`,
  );
  // Below /tmp anybody could put something else in the place of the world's folder, but for its sticky bit.
  await succeeds("restore", join(world.folder, "photos/immich"), "--into", into, "--without-room");
  const [source, restored] = [
    await snapshot(world, join(world.folder, "photos/immich")),
    await snapshot(world, into),
  ];
  expect(source.size).toBeGreaterThan(20);
  world.far.unshadow();
  // It reads each byte to send it, and once more to prove what came, holes too.
  const { size } = lstatSync(join(world.photos, "immich/nasty/sparse"));
  const passes = readFileSync(read, "utf8").trim().split("\n");
  const times = passes.reduce((sum, bytes) => sum + Number(bytes), 0) / size;
  rmSync(read);
  expect(times).toBeGreaterThan(1.9);
  expect(times).toBeLessThan(2.5);
  expect(
    differences(
      new Map([...source].filter(([name]) => name !== "")),
      new Map([...restored].filter(([name]) => name !== "")),
    ),
  ).toEqual([]);
  expect(lstatSync(far("nfs/immich/nasty/setuid")).uid).toBe(64_000);
  rmSync(join(world.photos, "restored"), { recursive: true });
  // Each later run would read its holes at both ends.
  rmSync(join(world.photos, "immich/nasty/sparse"));
  writeFileSync(join(world.photos, "immich/large"), Buffer.alloc(2_000_000, "x"));
});

test("what the journal names is sent by list, and acknowledged once it is verified", async () => {
  writeFileSync(join(world.backup, "books/one"), "another edition");
  writeFileSync(join(world.backup, "books/unnamed"), "nobody named it");
  for (let index = 0; index < 20; index += 1) writeFileSync(join(world.backup, `books/more-${index}`), "x");
  hand("reconcile", "books");
  await succeeds();
  writeFileSync(join(world.backup, "books/one"), "a third edition");
  writeFileSync(join(world.backup, "books/two\nlines"), "x");
  writeFileSync(join(world.backup, "books/unnamed"), "nobody named this either");
  hand("paths", "books/one", "books/two\nlines", "books/gone");
  const { result, stderr } = await succeeds();
  expect(stderr).toContain("by list: 2 names and 0 subtrees");
  expect(result).toMatchObject({
    legs: [{ isDone: true, parts: [{ by: "nothing" }, { by: "list" }] }, { parts: [{ by: "all" }] }],
  });
  expect(readFileSync(far("pve-backup/books/one"), "utf8")).toBe("a third edition");
  expect(existsSync(far("pve-backup/books/two\nlines"))).toBe(true);
  // Not by the list: the scrub reads all of so small a world each time, and finds what nobody named.
  expect(readFileSync(far("pve-backup/books/unnamed"), "utf8")).toBe("nobody named this either");
  expect(result["repaired"]).toBe(0);
  expect(readdirSync(world.journal).filter(name => /\d\.paths$/.test(name))).toEqual([]);
  hand("paths", "books/unnamed");
  await succeeds();
});

test("a file that changed by one of its names is one there too, by all of them", async () => {
  const [one, ...others] = ["books/linked", "books/its-other", "books/deeper/third"];
  mkdirSync(join(world.backup, "books/deeper"));
  writeFileSync(join(world.backup, one), "first");
  for (const name of others) linkSync(join(world.backup, one), join(world.backup, name));
  hand("paths", one, ...others);
  await succeeds();
  appendFileSync(join(world.backup, one), ", then more");
  hand("paths", one);
  await succeeds();
  expect(new Set([one, ...others].map(name => lstatSync(far(`pve-backup/${name}`)).ino)).size).toBe(1);
  expect(readFileSync(far(`pve-backup/${others[1]}`), "utf8")).toBe("first, then more");
  // And where the folder of one is named, as of a tracker that keeps a bounded number of names.
  appendFileSync(join(world.backup, one), ", and most");
  hand("reconcile", "books/deeper");
  await succeeds();
  expect(readFileSync(far(`pve-backup/${one}`), "utf8")).toBe("first, then more, and most");
});

test("a generation that is made anew changes nothing in the one before it there", async () => {
  const at = "pvc-data/2026-22/app/data/same";
  rmSync(join(world.backup, at));
  writeFileSync(join(world.backup, at), "the same in both");
  const { mtime } = lstatSync(join(world.backup, "pvc-data/2026-21/app/data/same"));
  utimesSync(join(world.backup, at), mtime, mtime);
  chownSync(join(world.backup, at), 1234, 1234);
  hand("reconcile", "pvc-data/2026-22/app/data");
  await succeeds();
  const owners = await Promise.all(
    ["2026-21", "2026-22"].map(week =>
      world.inside(
        "getfattr",
        "--only-values",
        "-n",
        "user.rsync.%stat",
        far(`pve-backup/pvc-data/${week}/app/data/same`),
      ),
    ),
  );
  expect(owners).toEqual([expect.stringContaining(" 0:0"), expect.stringContaining(" 1234:1234")]);
});

test("a restore goes into an empty place alone", async () => {
  const refused = await run("restore", join(world.folder, "backup/books"));
  expect(refused).toMatchObject({ status: 3 });
  expect(refused.stderr).toContain("is not empty");
  // What is printed then puts it where neither this job nor a mirror takes it for a service's.
  // Also where something was put aside under its name before: of that mv -n would move nothing, and say nothing.
  mkdirSync(join(world.backup, ".holdfast-before-books"));
  const again = await run("restore", join(world.folder, "backup/books"));
  const [, moves = ""] = /Next: (mv [^;]+);/.exec(again.stderr) ?? [];
  await world.inside("sh", "-c", moves);
  await succeeds("restore", join(world.folder, "backup/books"));
  expect(readFileSync(join(world.backup, "books/one"), "utf8")).toBe("a third edition");
  await succeeds();
  expect(readdirSync(far("pve-backup")).filter(name => name.startsWith(".holdfast-"))).toEqual([]);
  rmSync(join(world.backup, ".holdfast-before-books"), { recursive: true });
  rmSync(join(world.backup, ".holdfast-before-books-2"), { recursive: true });
});

test("what is larger than the room that is there is refused before it begins, and where its files have holes it comes if somebody says so", async () => {
  const small = join(world.folder, "small");
  mkdirSync(small);
  await world.inside("mount", "-t", "tmpfs", "-o", "size=1m,nosuid,nodev", "tmpfs", small);
  mkdirSync(join(world.backup, "holes"));
  writeFileSync(join(world.backup, "holes/large"), "");
  truncateSync(join(world.backup, "holes/large"), 2 ** 22);
  hand("reconcile", "holes");
  await succeeds();
  const words = ["restore", join(world.folder, "backup/holes"), "--into", join(small, "back")];
  const refused = await run(...words);
  expect([refused.status, refused.stderr]).toEqual([
    3,
    expect.stringMatching(
      /has room for 1 MiB and \d+ entries, and 4 MiB in 2 entries come[^]*--without-room/,
    ),
  ]);
  expect(await world.inside("ls", small)).toBe("");
  await succeeds(...words, "--without-room");
  expect(await world.inside("stat", "-c", "%s", join(small, "back/large"))).toBe(String(2 ** 22));
  // Where the disk fills meanwhile, the kernel's log has nothing, and what has come is refused as a folder to bring it back to.
  writeFileSync(world.outside(join(small, "filler")), Buffer.alloc(2 ** 20 - 2 ** 16));
  writeFileSync(join(world.backup, "holes/full"), Buffer.alloc(2 ** 18, "x"));
  hand("paths", "holes/full");
  await succeeds();
  const filled = await run(...words.slice(0, -1), join(small, "other"), "--without-room");
  expect([filled.status, filled.stderr]).toEqual([
    1,
    expect.stringMatching(
      /Next: df -h .* \(make room there; then the same command again, with a new folder behind --into/,
    ),
  ]);
  await world.inside("umount", small);
  for (const folder of [join(world.backup, "holes"), far("pve-backup/holes")])
    rmSync(folder, { recursive: true });
});

test("of a file with several names, as generations share it, what it takes once is what a restore asks room for", async () => {
  const small = join(world.folder, "small");
  await world.inside("mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=24,nosuid,nodev", "tmpfs", small);
  mkdirSync(join(world.backup, "shared"));
  writeFileSync(join(world.backup, "shared/0"), Buffer.alloc(2 ** 20, "x"));
  for (let name = 1; name < 20; name += 1)
    linkSync(join(world.backup, "shared/0"), join(world.backup, `shared/${name}`));
  hand("reconcile", "shared");
  await succeeds();
  const words = ["restore", join(world.folder, "backup/shared"), "--into"];
  await succeeds(...words, join(small, "back"));
  expect(await world.inside("stat", "-c", "%h", join(small, "back/0"))).toBe("20");
  await world.inside("rm", "-r", join(small, "back"));
  // Folders take an inode each, as files do.
  for (let name = 0; name < 30; name += 1) mkdirSync(join(world.backup, `shared/folder ${name}`));
  hand("reconcile", "shared");
  await succeeds();
  const refused = await run(...words, join(small, "back"));
  expect([refused.status, refused.stderr]).toEqual([
    3,
    expect.stringMatching(/ and 1 MiB in 32 entries come/),
  ]);
  await world.inside("umount", small);
  for (const folder of [join(world.backup, "shared"), far("pve-backup/shared")])
    rmSync(folder, { recursive: true });
});

test("where a file system keeps no ACLs or attributes, that is what a restore says in the end", async () => {
  const poor = join(world.folder, "poor");
  mkdirSync(poor);
  await world.inside("mount", "-t", "ramfs", "-o", "nosuid,nodev", "ramfs", poor);
  const words = ["restore", join(world.folder, "photos/immich"), "--into", join(poor, "back")];
  const { status, stderr } = await run(...words, "--without-room");
  expect([status, stderr]).toEqual([1, expect.stringContaining("it keeps no ACLs or extended attributes")]);
  await world.inside("umount", poor);
});

test("a name that is a wildcard means itself at the destination, and nothing that it matches", async () => {
  const typed = join(world.folder, "backup", "[b]\\\\ooks");
  const into = join(world.folder, "photos/restored");
  await succeeds("restore", typed, "--into", into);
  expect(readdirSync(join(world.photos, "restored"))).toEqual(["own"]);
  rmSync(join(world.photos, "restored"), { recursive: true });
  expect((await succeeds("verify", typed)).result).toMatchObject({ bad: [], orphans: [] });
  expect((await succeeds("list", typed)).stdout).toContain("own");
});

test("a folder whose name reads like another one's in a message is the one that is there, and what is printed means it", async () => {
  const [name, other] = ["back\\x41slash", "backAslash"];
  mkdirSync(join(world.backup, name));
  writeFileSync(join(world.backup, name, "own"), "of it");
  hand("paths", `${name}/own`);
  await succeeds();
  const place = join(world.folder, "backup", name);
  expect((await succeeds("list", place)).stdout).toContain("own");
  expect((await run("verify", place)).result).toMatchObject({ bad: [], orphans: [], entries: 2 });
  const { stderr } = await run("restore", place);
  const typed = /offsite-sync-backup restore '([^']+)' --into/.exec(stderr)?.[1] ?? stderr;
  expect(typed).toBe(place.replace("\\", "\\\\"));
  // Also where it is gone, or its other reading is there.
  renameSync(join(world.backup, name), join(world.backup, other));
  const into = join(world.folder, "photos/restored");
  await succeeds("restore", typed, "--into", into);
  expect(readdirSync(join(world.photos, "restored"))).toEqual(["own"]);
  rmSync(join(world.photos, "restored"), { recursive: true });
  for (const folder of [join(world.backup, other), far(`pve-backup/${name}`)])
    rmSync(folder, { recursive: true });
});

test("names that aren't UTF-8 go by list, are verified, and come back, and a path that isn't one is refused by its name", async () => {
  const latin1 = (path: string): Buffer => Buffer.from(path, "latin1");
  const below = (folder: string, name: string): Buffer =>
    Buffer.concat([Buffer.from(`${folder}/`), latin1(name)]);
  // Of two that one decoder takes for the same.
  const names = ["bad\xff", "bad\xfe", "\xc3\xa9t\xe9/\xff\nin"];
  const folder = join(world.backup, "latin");
  mkdirSync(below(folder, "\xc3\xa9t\xe9"), { recursive: true });
  for (const name of names) writeFileSync(below(folder, name), latin1(`content of ${name}`));
  hand("paths", ...names.map(name => latin1(`latin/${name}`)));
  const listed = await succeeds();
  expect(listed.stderr).toContain("by list: 3 names");
  const areIn = (root: string): void =>
    expect(names.map(name => readFileSync(below(root, name), "latin1"))).toEqual(
      names.map(name => `content of ${name}`),
    );
  areIn(far("pve-backup/latin"));
  expect(world.metrics()).toMatchObject({ last_status: 0, 'leg_debt_files{leg="backup"}': 0 });

  const place = join(world.folder, "backup/latin");
  writeFileSync(below(far("pve-backup/latin"), "bad\xff"), "another content there");
  const { status, result } = await run("verify", place);
  expect({ status, ...result }).toMatchObject({
    status: 1,
    bad: [expect.stringContaining(`${place}/bad\\xff (`)],
  });
  hand("paths", latin1("latin/bad\xff"));
  await succeeds();
  expect((await succeeds("verify", place)).result).toMatchObject({ bad: [], orphans: [] });

  const refused = await run("restore", `${place}/bad\\xff`);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain(`"${place}/bad\\xff" isn't UTF-8`);
  const into = join(world.folder, "photos/restored");
  expect(refused.stderr).toContain(
    `Next: offsite-sync-backup restore ${place} 'bad\\xff' --into /root/restored`,
  );
  await succeeds("restore", place, "bad\\xff", "--into", into);
  expect(readdirSync(join(world.photos, "restored"), "latin1")).toEqual(["bad\xff"]);
  rmSync(join(world.photos, "restored"), { recursive: true });
  await succeeds("restore", place, "--into", into);
  areIn(join(world.photos, "restored"));
  rmSync(join(world.photos, "restored"), { recursive: true });
  for (const end of [folder, far("pve-backup/latin")]) rmSync(end, { recursive: true });
});

test("a restore to a disk that isn't there fills no other one in its place", async () => {
  await world.inside("umount", join(world.folder, "photos"));
  try {
    for (const words of [[], ["--dry-run"]]) {
      const refused = await run("restore", join(world.folder, "photos/immich"), ...words);
      expect(refused).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/is not a mount point[^]*Next: mount UUID=/),
      });
    }
    expect(existsSync(join(world.photos, "immich"))).toBe(false);
  } finally {
    await world.mount("photos");
  }
});

// daily-backup-ways.test.ts has such names in what is printed, and the next test what is printed of others.
testLong("of a name that reads like an option, what is printed means the name", async () => {
  mkdirSync(join(world.backup, "dashes"));
  for (const name of ["-rf", "--json"]) writeFileSync(join(world.backup, "dashes", name), "own");
  hand("reconcile", "dashes");
  await succeeds();
  const place = join(world.folder, "backup/dashes");
  const refused = await world.start(["restore", "--dry-run", "--", place, "-rf", "--json"]).finished;
  expect(refused.status).toBe(3);
  const [, typed = ""] = /Next: offsite-sync-backup (.*)\n/.exec(refused.stderr) ?? [];
  expect(typed).toBe(`restore --into /root/restored -- ${place} -rf --json`);
  const into = join(world.folder, "photos/restored");
  const restored = await world.start(typed.replace("/root/restored", into).split(" ")).finished;
  expect(restored.status).toBe(0);
  expect(readdirSync(join(world.photos, "restored")).sort()).toEqual(["--json", "-rf"]);
  for (const folder of [
    join(world.photos, "restored"),
    join(world.backup, "dashes"),
    far("pve-backup/dashes"),
  ])
    rmSync(folder, { recursive: true });
});

test("a restore of one file makes no folder in its place, and says what brings it", async () => {
  const file = join(world.backup, "books/one");
  renameSync(file, join(world.backup, "scratch/one"));
  const refused = await run("restore", join(world.folder, "backup/books/one"));
  expect(existsSync(file)).toBe(false);
  renameSync(join(world.backup, "scratch/one"), file);
  expect(refused.stderr).toContain(`restore ${join(world.folder, "backup/books")} --into /root/restored`);
  expect(refused.status).not.toBe(0);
});

test("what isn't there is no restore that came through, and its message leads to a look, not to a run", async () => {
  const books = join(world.folder, "backup/books");
  const into = ["--into", join(world.folder, "photos/restored")];
  const name = await run("restore", books, "one", "deep/nope", ...into);
  expect([name.status, name.stderr]).toEqual([
    3,
    expect.stringMatching(
      /nas has no "deep\/nope" in .*\n.*\n.*Next: offsite-sync-backup list \S+\/books\/deep\n/,
    ),
  ]);
  const path = await run("restore", `${books}/nope`, ...into);
  expect([path.status, path.stderr]).toEqual([
    3,
    expect.stringMatching(/nas has no folder ".*nope"\n.*\n.*Next: offsite-sync-backup list \S+\/books\n/),
  ]);
  expect(existsSync(join(world.photos, "restored"))).toBe(false);
  await world.far.stop();
  const away = await run("restore", books, ...into);
  await world.far.start();
  expect(away.stderr).toMatch(/Next: ping -c 3 127.0.0.1; the same command again\n/);
});

test("list says what is owed, and verify what differs and what only the destination has", async () => {
  const atRest = versionsAnswer.parse((await run("list", "--versions")).result).versions;
  expect(atRest.flatMap(({ lacks }) => lacks)).toEqual([]);
  hand("paths", "books/one");
  appendFileSync(join(world.backup, "books/one"), "!");
  expect((await world.start(["list"]).finished).stdout).toMatch(
    /nfs-mirror: 1 names \(1 KiB\) and 0 subtrees in 1 segments, the oldest of .*; read by offsite-sync-backup \((\d+) of (?!\1\))\d+\)/,
  );
  const told = versionsAnswer.parse((await run("list", "--versions")).result).versions;
  expect(told.map(({ of }) => of)).toContain(join(world.folder, "backup"));
  expect(told.map(({ lacks }) => lacks.join()).join()).toContain("nfs-mirror: 1 names");
  expect((await world.start(["list", join(world.folder, "backup")]).finished).stdout).toContain("books");
  writeFileSync(far("pve-backup/books/orphan"), "");
  const { status, result } = await run("verify", join(world.folder, "backup"));
  expect({ status, ...result }).toMatchObject({
    status: 1,
    bad: [expect.stringContaining("books/one")],
    orphans: [expect.stringContaining("books/orphan")],
  });
  rmSync(far("pve-backup/books/orphan"));
  await succeeds();
});

test("what is named goes before what is compared, and of each the small before the large, whatever their order in the estate", async () => {
  const asked = join(world.folder, "asked");
  const large = join(world.backup, "pvc-data/2026-22/app/data/large");
  writeFileSync(large, Buffer.alloc(1_000_000));
  // How much each part has is known by a comparison of all.
  rmSync(join(world.config.stateDir, "memory.json"));
  await succeeds();
  appendFileSync(large, "more");
  hand("paths", "pvc-data/2026-22/app/data/large");
  put("small");
  writeFileSync(join(world.photos, "immich/new"), "smaller than either");
  world.shadow("rsync", `echo "$@" >>${asked}; exec REAL "$@"`);
  world.writeConfig({ legs: [...world.config.legs].reverse() });
  await succeeds();
  world.writeConfig({});
  world.unshadow("rsync");
  const sending = readFileSync(asked, "utf8")
    .split("\n")
    .filter(line => line.includes("--partial-dir") && !line.includes("--dry-run"));
  expect(sending.map(line => /::holdfast\/(\S+)$/.exec(line)?.[1])).toEqual([
    "pve-backup/",
    "pve-backup/pvc-data/2026-22/",
    "nfs/immich/",
  ]);
});

test("a destination that is away costs the night and forgets nothing", async () => {
  const before = world.metrics();
  writeFileSync(join(world.backup, "books/away"), "written meanwhile");
  hand("paths", "books/away");
  const generation = join(world.backup, "pvc-data/2026-23");
  mkdirSync(generation);
  writeFileSync(join(generation, "new"), "of 23");
  // It is a link there too, so nobody owes it.
  linkSync(join(world.backup, "pvc-data/2026-22/app/data/other"), join(generation, "linked"));
  linkSync(join(generation, "linked"), join(world.backup, "pvc-data/2026-22/linked"));
  hand("reconcile", "pvc-data/2026-22/linked", "pvc-data/2026-23");
  await world.far.stop();
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toContain("Connection refused");
  expect(world.metrics()).toMatchObject({
    last_status: 1,
    last_success_timestamp: before["last_success_timestamp"],
    'leg_last_status{leg="backup"}': 1,
    'leg_debt_files{leg="backup"}': 3,
    'leg_debt_bytes{leg="backup"}': "written meanwhile".length + "of week 22".length + "of 23".length,
  });
  expect(world.metrics()['leg_oldest_change_timestamp{leg="backup"}']).toBeGreaterThanOrEqual(
    before['leg_last_success_timestamp{leg="backup"}'] ?? Infinity,
  );
  // Nobody notes what changes in it: any of it may have.
  expect(world.metrics()['leg_debt_bytes{leg="photos/immich"}']).toBeGreaterThan(1_000_000);
  await world.far.start();
  await succeeds();
  expect(existsSync(far("pve-backup/books/away"))).toBe(true);
  expect(world.metrics()).toMatchObject({
    'leg_last_status{leg="backup"}': 0,
    'leg_debt_files{leg="backup"}': 0,
    'leg_debt_bytes{leg="backup"}': 0,
  });
});

test("another host key gets nothing", async () => {
  world.writeConfig({
    destination: {
      ...world.config.destination,
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
    },
  });
  const { status, stderr } = await run();
  world.writeConfig({});
  expect(status).toBe(1);
  expect(stderr).toContain("shows another host key than the one that is pinned");
  expect(stderr).toContain("ssh-keyscan");
});

test("an empty destination at the same address gets nothing", async () => {
  const tree = world.far.tree;
  renameSync(tree, `${tree}-away`);
  mkdirSync(tree);
  chownSync(tree, 64_000, 64_000);
  const { status, stderr } = await run();
  expect(readdirSync(tree)).toEqual([]);
  rmSync(tree, { recursive: true });
  renameSync(`${tree}-away`, tree);
  expect(status).toBe(3);
  expect(stderr).toContain("isn't the destination that earlier runs sent to: it has no mark");
  await succeeds();
});

test("a host or a destination that was brought back from a backup has all compared", async () => {
  const memory = join(world.config.stateDir, "memory.json");
  const record = far(".holdfast/pve.offsite-sync-backup.json");
  const [before, earlier] = [readFileSync(memory), readFileSync(record)];
  hand("paths", "books/one");
  await succeeds();
  for (const [file, content] of [
    [memory, before],
    [record, earlier],
  ] as const) {
    writeFileSync(file, content);
    const { stderr, result } = await succeeds();
    expect(stderr).toContain("was left at another point than this host remembers: all is compared");
    expect(result).toMatchObject({ legs: [{ parts: [{ by: "all" }, { by: "all" }] }, {}] });
  }
});

test("a destination that stores other bytes than it was sent is seen, named and mended", async () => {
  writeFileSync(join(world.backup, "books/flipped"), "good bytes");
  utimesSync(join(world.backup, "books/flipped"), 1e9, 1e9);
  hand("paths", "books/flipped");
  // One bit of one file, right after it was received, at its old time.
  world.far.shadow(
    `REAL --server --daemon --config=CONFIG .; s=$?; f=${far("pve-backup/books/flipped")}; [ -e "$f" ] && [ ! -e ${world.folder}/far/tree/once ] && printf G >"$f.x" && dd if="$f.x" of="$f" conv=notrunc 2>/dev/null && touch -d @1000000000 "$f" && rm "$f.x" && touch ${world.folder}/far/tree/once; exit $s`,
  );
  const { result, stderr } = await succeeds();
  world.far.unshadow();
  rmSync(far("once"), { force: true });
  expect(result["repaired"]).toBe(1);
  expect(stderr).toContain("doesn't hold what it was sent");
  expect(readFileSync(far("pve-backup/books/flipped"), "utf8")).toBe("good bytes");
  expect(world.metrics()["repaired_files"]).toBe(1);
});

test("a destination that reports success and keeps nothing is no success", async () => {
  writeFileSync(join(world.backup, "books/lied"), "never kept");
  hand("paths", "books/lied");
  world.far.shadow(
    `REAL --server --daemon --config=CONFIG .; s=$?; rm -f ${far("pve-backup/books/lied")}; exit $s`,
  );
  const { status, stderr } = await run();
  world.far.unshadow();
  expect(status).toBe(1);
  expect(stderr).toContain("doesn't keep what it is sent");
  await succeeds();
  expect(existsSync(far("pve-backup/books/lied"))).toBe(true);
});

test("one leg whose source is unmounted, or empty, holds up no other", async () => {
  writeFileSync(join(world.backup, "books/goes-on"), "x");
  hand("paths", "books/goes-on");
  await world.inside("umount", join(world.folder, "photos"));
  const { status, stderr, result } = await run();
  await world.mount("photos");
  expect(status).toBe(1);
  expect(stderr).toMatch(/photos.* is not a mount point/);
  expect(world.metrics()['leg_debt_bytes{leg="photos/immich"}']).toBeGreaterThan(1_000_000);
  expect(result).toMatchObject({ legs: [{ isDone: true }] });
  expect(existsSync(far("pve-backup/books/goes-on"))).toBe(true);
  expect(existsSync(far("nfs/immich/photo"))).toBe(true);
});

// offsite-sync-endures.test.ts has what the account may not write there.
testLong("a file that can't be written there fails the run by name, and all else arrives", async () => {
  writeFileSync(join(world.backup, "books/blocked"), "x");
  writeFileSync(join(world.backup, "books/beside"), "x");
  mkdirSync(far("pve-backup/books/blocked"));
  writeFileSync(far("pve-backup/books/blocked/in-the-way"), "");
  hand("paths", "books/blocked", "books/beside");
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toContain("books/blocked");
  expect(existsSync(far("pve-backup/books/beside"))).toBe(true);
  expect(world.metrics()).toMatchObject({
    'leg_last_status{leg="backup"}': 1,
    'leg_last_status{leg="photos/immich"}': 0,
    'leg_debt_files{leg="backup"}': 2,
    'leg_debt_bytes{leg="backup"}': 2,
  });
  rmSync(far("pve-backup/books/blocked"), { recursive: true });
  await succeeds();
});

test("a file of several names that can't be opened is told with each of them, and all else arrives", async () => {
  // Root without its right to read what is others'.
  world.shadow("rsync", 'exec setpriv --bounding-set=-dac_override,-dac_read_search REAL "$@"');
  // More than rsync takes into its first lists.
  for (let folders = 0; folders < 60; folders += 1) {
    mkdirSync(join(world.backup, `many/${folders}/deep`), { recursive: true });
    for (let files = 0; files < 30; files += 1)
      writeFileSync(join(world.backup, `many/${folders}/deep/${files}`), "");
  }
  const names = ["many/1/deep/secret", "many/2/secret", "many/30/deep/secret", "many/59/deep/secret"];
  const [first = ""] = names;
  writeFileSync(join(world.backup, first), "nobody's to read");
  for (const name of names.slice(1)) linkSync(join(world.backup, first), join(world.backup, name));
  chmodSync(join(world.backup, first), 0);
  chownSync(join(world.backup, first), 65_534, 65_534);
  hand("reconcile", "many");
  const { status, stderr } = await run();
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining("4 entries of") as string,
  });
  expect(readdirSync(far("pve-backup/many/59/deep"))).toHaveLength(30);
  world.unshadow("rsync");
  await succeeds();
  for (const name of names)
    expect(lstatSync(far(`pve-backup/${name}`)).ino).toBe(lstatSync(far(`pve-backup/${first}`)).ino);
  rmSync(join(world.backup, "many"), { recursive: true });
});

test("a generation with a file that can't be read holds up no later one", async () => {
  world.shadow("rsync", 'exec setpriv --bounding-set=-dac_override,-dac_read_search REAL "$@"');
  const generations = ["2026-24", "2026-25"].map(period => join("pvc-data", period));
  const [first = "", second = ""] = generations.map(name => join(world.backup, name, "app/data"));
  for (const folder of [first, second]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(first, "secret"), "nobody's to read", { mode: 0 });
  chownSync(join(first, "secret"), 65_534, 65_534);
  writeFileSync(join(second, "other"), "of week 25");
  hand("reconcile", ...generations);
  const { status, stderr } = await run();
  expect([status, stderr]).toEqual([1, expect.stringMatching(/1 entries of ".*2026-24".*secret/)]);
  expect(readFileSync(far("pve-backup/pvc-data/2026-25/app/data/other"), "utf8")).toBe("of week 25");
  world.unshadow("rsync");
  for (const name of generations) rmSync(join(world.backup, name), { recursive: true });
  await succeeds();
  for (const name of generations) rmSync(far(`pve-backup/${name}`), { recursive: true });
});

test("a second run at the same time changes nothing", async () => {
  world.shadow("rsync", 'touch "$HOLD"; while [ -e "$HOLD" ]; do sleep 0.1; done; exec REAL "$@"');
  const hold = join(world.folder, "hold");
  const first = world.start([], { HOLD: hold });
  await first.until(() => existsSync(hold));
  const second = await run();
  world.unshadow("rsync");
  rmSync(hold);
  expect(second.status).toBe(75);
  expect((await first.finished).status).toBe(0);
});

/** By the phase that it ends in: a program that the run is held at until it is killed, by words of its like a pattern of the shell's. */
const killedAt: readonly [phase: string, program: string, words: string][] = [
  ["send", "rsync", "*--partial-dir*"],
  ["acknowledge", "rsync", "*\\ ./.holdfast/*"],
  ["reach", "rsync", "*--times\\ --\\ *"],
  ["owe", "systemd-analyze", "*"],
  ["scrub", "rsync", "*\\ -ii\\ *"],
];

test.each(inTime(2, killedAt))(
  "a run that is killed in %s is made up by the next",
  async (phase, program, words) => {
    writeFileSync(join(world.backup, `books/killed-in-${phase}`), "x");
    hand("paths", `books/killed-in-${phase}`);
    const hold = join(world.folder, "hold");
    const holds = 'touch "$HOLD"; while [ -e "$HOLD" ]; do sleep 0.1; done';
    world.shadow(program, `case " $* " in ${words}) ${holds} ;; esac; exec REAL "$@"`);
    const killed = world.start([], { HOLD: hold });
    await killed.until(() => existsSync(hold));
    killed.kill("SIGKILL");
    world.unshadow(program);
    await killed.finished;
    // What it left is held still: the next run ends it.
    await succeeds();
    rmSync(hold);
    expect(existsSync(far(`pve-backup/books/killed-in-${phase}`))).toBe(true);
  },
);

// It is killed while it sends and while it acknowledges, above.
testLong(
  "a run that is killed while it looks at its sources, or once it has judged and tells, is made up by the next",
  async () => {
    put("killed-early");
    const hold = join(world.folder, "hold");
    world.shadow("findmnt", 'touch "$HOLD"; while [ -e "$HOLD" ]; do sleep 0.1; done; exec REAL "$@"');
    const early = world.start([], { HOLD: hold });
    await early.until(() => existsSync(hold));
    early.kill("SIGKILL");
    world.unshadow("findmnt");
    rmSync(hold);
    await early.finished;
    expect((await succeeds()).stderr).toContain("by list: 1 names");
    expect(existsSync(far("pve-backup/books/killed-early"))).toBe(true);

    put("killed-late");
    const told = world.pushes.received.length;
    const late = world.start();
    await late.until(() => world.pushes.received.length > told);
    late.kill("SIGKILL");
    await late.finished;
    expect(existsSync(far("pve-backup/books/killed-late"))).toBe(true);
    // All of it was acknowledged by then: nothing is owed, and nothing is sent twice.
    const { result } = await succeeds();
    expect(result).toMatchObject({ files: 0, legs: [{ parts: [{ by: "nothing" }, { by: "nothing" }] }, {}] });
    expect(world.metrics()).toMatchObject({ last_status: 0, 'leg_debt_files{leg="backup"}': 0 });
  },
);

/** A book that is named in the journal. */
function put(name: string): void {
  writeFileSync(join(world.backup, "books", name), "x");
  hand("paths", `books/${name}`);
}

// Each is a job of its own; one that is away, and what it gets then, is tested alone in this file.
testLong(
  "of two destinations, one that is away holds up nobody, and gets what it missed by list once it is back",
  async () => {
    const friend = await startFar(join(world.folder, "friend"));
    writeFileSync(join(world.folder, "credentials", "friend-key"), friend.privateKey, { mode: 0o600 });
    const { port, user, hostKey } = friend;
    const also = {
      ...{ job: "offsite-friend", stateDir: join(world.folder, "friend-state") },
      textfile: join(world.folder, "textfile", "friend.prom"),
      legsTextfile: join(world.folder, "textfile", "friend-legs.prom"),
      destination: { name: "friend", address: "127.0.0.1", port, user, hostKey, key: "friend-key" },
      legs: world.config.legs.slice(0, 1),
    };
    const toFriend = () => world.start(["--json"], {}, also).finished;
    try {
      expect((await toFriend()).status).toBe(0);
      await friend.stop();
      const names = Array.from({ length: nightsAway }, (_, night) => `while one is away ${night}`);
      for (const name of names) {
        put(name);
        expect((await toFriend()).status).toBe(1);
        await succeeds();
        expect(existsSync(far(`pve-backup/books/${name}`))).toBe(true);
      }
      expect(readFileSync(also.legsTextfile, "utf8")).toContain(
        `offsite_sync_leg_debt_files{leg="${join(world.folder, "backup")}"} ${nightsAway}\n`,
      );
      await friend.start();
      const { status, stderr } = await toFriend();
      expect({ status, stderr }).toMatchObject({
        status: 0,
        stderr: expect.stringContaining(`by list: ${nightsAway} names`) as string,
      });
      for (const name of names) expect(existsSync(join(friend.tree, "pve-backup/books", name))).toBe(true);
      expect(readdirSync(world.journal).filter(name => /\d\.paths$/.test(name))).toEqual([]);
    } finally {
      await friend.stop();
    }
  },
);

test("what an earlier job left is said, and what it has whole is sent", async () => {
  const state = join(world.folder, "daily-backup");
  mkdirSync(state);
  const end = {
    endedAt: "2026-05-26T04:10:00.000Z",
    invocation: "",
    status: 1,
    pushed: true,
    failed: "no room",
  };
  writeFileSync(join(state, "last-end.json"), JSON.stringify(end));
  const { result } = await succeeds();
  expect(result["notes"]).toEqual([
    "daily-backup failed at 2026-05-26T04:10:00.000Z (1): no room. What it has whole is sent, and what it left isn't",
  ]);
});

test("the key opens nothing but its module", async () => {
  const { destination } = world.config;
  const ssh = [
    "-F",
    "none",
    "-p",
    String(destination.port),
    "-i",
    join(world.config.credentialsDir, destination.key),
  ];
  const known = join(world.config.stateDir, "known_hosts");
  const options = [
    "-o",
    `UserKnownHostsFile=${known}`,
    "-o",
    "HostKeyAlias=destination",
    "-o",
    "BatchMode=yes",
  ];
  const asked = world.inside(
    "ssh",
    "-n",
    ...ssh,
    ...options,
    `${destination.user}@127.0.0.1`,
    "touch",
    far("from-a-shell"),
  );
  await asked.catch(() => undefined);
  expect(existsSync(far("from-a-shell"))).toBe(false);
});

test("of each leg it is told what was sent, and what an earlier generation that isn't whole there should have given", async () => {
  const generation = (week: number): string => {
    const folder = join(world.backup, `pvc-data/2026-${week}`);
    mkdirSync(folder);
    hand("paths", `pvc-data/2026-${week}`);
    return folder;
  };
  const first = generation(40);
  writeFileSync(join(first, "same"), "the same in all");
  await succeeds();
  rmSync(world.far.outside(far("pve-backup/pvc-data/2026-40/same")));
  const second = generation(41);
  linkSync(join(first, "same"), join(second, "same"));
  writeFileSync(join(second, "new"), "of week 41");
  // It is there again by then, so this one is linked to that.
  linkSync(join(second, "same"), join(generation(42), "same"));
  await succeeds();
  const bytes = "the same in all".length + "of week 41".length;
  expect(world.metrics()).toMatchObject({
    again_bytes: "the same in all".length,
    'leg_files{leg="backup"}': 2,
    'leg_bytes{leg="backup"}': bytes,
    'leg_files{leg="photos/immich"}': 0,
    'leg_bytes{leg="photos/immich"}': 0,
  });
  expect(world.metrics()['leg_wire_bytes{leg="backup"}']).toBeGreaterThan(bytes);
});
