import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { openSegment } from "../../host-scripts/runtime/journal";
import { inTime, testLong } from "../long";
import { syncingModule } from "./support/far";
import { type OffsiteLaw, offsiteLaw } from "./support/offsite-law";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";
import { first, through } from "./support/through";

/*
 * The destination, whose tree lies on a disk of its own, loses its power: what its kernel had in memory alone is gone. The world goes on
 * from test to test.
 */
let world: OffsiteWorld;
let law: OffsiteLaw;

/** Or it would find, at the end of each run, what no list had. */
const withoutScrub = `case " $* " in *" -ii "*) exit 0 ;; esac; exec REAL "$@"`;

beforeAll(async () => {
  world = await createOffsiteWorld(64, 64);
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  mkdirSync(join(world.backup, "books"));
  put("one");
  await succeeds();
  world.shadow("rsync", withoutScrub);
  law = offsiteLaw(world, { backup: "pve-backup" });
});
// Each test ends with a good run.
afterEach(() => law.holds());
afterAll(() => world.close());

const there = (name: string): string => world.far.outside(join(world.far.tree, "pve-backup/books", name));

function put(name: string, content: string | Buffer = `the book ${name}`): void {
  const file = join(world.backup, "books", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  handOver(`books/${name}`);
}

function handOver(...paths: readonly string[]): void {
  const segment = openSegment(world.journal, "paths");
  for (const path of paths) segment.add(Buffer.from(path));
  segment.promote();
}

async function run(): Promise<FinishedRun> {
  return world.start(["--json"]).finished;
}

/** A run that is held at its first rsync whose words are like a pattern of the shell's, while something happens to the destination. */
async function heldAt(words: string, happens: () => Promise<void>): Promise<FinishedRun> {
  const hold = join(world.folder, "hold");
  const holds = `if [ ! -e ${hold}.once ]; then touch ${hold}.once ${hold}; while [ -e ${hold} ]; do sleep 0.1; done; fi`;
  world.shadow("rsync", `case " $* " in *" -ii "*) exit 0 ;; ${words}) ${holds} ;; esac; exec REAL "$@"`);
  const running = world.start(["--json"]);
  try {
    await running.until(() => existsSync(hold));
    await happens();
  } finally {
    rmSync(hold, { force: true });
  }
  const finished = await running.finished;
  rmSync(`${hold}.once`);
  world.shadow("rsync", withoutScrub);
  return finished;
}

async function succeeds(): Promise<FinishedRun> {
  const finished = await run();
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

/** A run after the time in which a kernel writes by itself looks once more, and the one behind it doesn't. */
async function laterRunsHaveNothingToLookAt(): Promise<void> {
  await later();
  await succeeds();
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
}

/** As if the last runs had been ten minutes ago: its kernel has written what it had. */
async function later(): Promise<void> {
  await world.far.inside("sync", "-f", world.far.tree);
  const file = join(world.config.stateDir, "memory.json");
  const memory = JSON.parse(readFileSync(file, "utf8")) as { recent: Record<string, { sentMs: number }> };
  for (const recent of Object.values(memory.recent)) recent.sentMs -= 600_000;
  writeFileSync(file, JSON.stringify(memory));
}

/** All names that there are, and whatever else its journal keeps, but not what files hold: as any program there does that syncs a file. */
async function commitNames(): Promise<void> {
  const file = join(world.far.tree, "somebody's");
  await world.far.inside("sh", "-c", `echo x >"$0"; sync "$0"`, file);
}

test("what a run says is there is on the destination's disk", async () => {
  const names = ["two", "three", "four"];
  for (const name of names) put(name);
  await succeeds();
  await commitNames();
  await world.far.losePower();
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe(`the book ${name}`);
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test("where rsync syncs nothing, what it may have lost is looked at by the next run, and by that alone", async () => {
  const names = ["five", "six"];
  world.far.configureModule("refuse options = fsync");
  put("before it");
  expect((await succeeds()).stderr).toContain("rsync at nas can't sync what it writes");
  await laterRunsHaveNothingToLookAt();
  for (const name of names) put(name);
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  await commitNames();
  await world.far.losePower();
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe("");
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  for (const name of names) expect(readFileSync(there(name), "utf8")).toBe(`the book ${name}`);
  await later();
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test("what shares a file with one that was sent is lost with it, as a link is, and looked at as well", async () => {
  world.far.configureModule("refuse options = fsync");
  const [week, next] = ["2026-21", "2026-22"].map(period => join(world.backup, "pvc-data", period)) as [
    string,
    string,
  ];
  for (const folder of [week, next]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(week, "same"), "the same in both");
  linkSync(join(week, "same"), join(next, "same"));
  put("of two names");
  linkSync(join(world.backup, "books/of two names"), join(world.backup, "books/other name"));
  // A plain file there, which holds where it leads.
  symlinkSync("one", join(world.backup, "books/link"));
  handOver("books/link", "books/other name", "pvc-data/2026-21/same", "pvc-data/2026-22/same");
  await succeeds();
  await commitNames();
  await world.far.losePower();
  expect(
    [there("other name"), there("link"), there("../pvc-data/2026-22/same")].map(file =>
      readFileSync(file, "utf8"),
    ),
  ).toEqual(["", "", ""]);
  await succeeds();
  expect(readFileSync(there("link"), "utf8")).toContain("one");
  rmSync(join(world.backup, "books/link"));
  await laterRunsHaveNothingToLookAt();
});

test("what a run that begins too early finds in its memory is looked at once more by the next one", async () => {
  put("early");
  await succeeds();
  expect((await succeeds()).stderr).toContain("by list: 1 names");
  await commitNames();
  await world.far.losePower();
  expect(readFileSync(there("early"), "utf8")).toBe("");
  await succeeds();
  await laterRunsHaveNothingToLookAt();
});

// What one that begins too early finds is looked at in the same way, above.
testLong(
  "what a run sent that failed is looked at by the one behind that which finds it in its memory",
  async () => {
    put("locked/one");
    await succeeds();
    await world.far.inside("chown", "-R", "0:0", join(world.far.tree, "pve-backup/books/locked"));
    put("locked/one", "another edition");
    put("sent by a run that failed");
    expect((await run()).stderr).toMatch(/locked.*Permission denied/);
    await world.far.inside("chown", "-R", "64000:64000", join(world.far.tree, "pve-backup/books/locked"));
    await succeeds();
    await commitNames();
    await world.far.losePower();
    expect(readFileSync(there("sent by a run that failed"), "utf8")).toBe("");
    await succeeds();
    await laterRunsHaveNothingToLookAt();
  },
);

// What is kept of it is tested beside the code.
testLong(
  "where a run was killed that sent something, all is compared by the run behind the next one",
  async () => {
    put("sent by a run that was killed");
    world.shadow(
      "rsync",
      `case " $* " in *" -ii "*) exit 0 ;; *" --dry-run "*) ;; *--partial-dir*) REAL "$@"; exec kill -KILL $PPID ;; esac; exec REAL "$@"`,
    );
    expect((await run()).signal).toBe("SIGKILL");
    world.shadow("rsync", withoutScrub);
    expect((await succeeds()).stderr).toContain("by list: 1 names");
    await commitNames();
    await world.far.losePower();
    expect(readFileSync(there("sent by a run that was killed"), "utf8")).toBe("");
    expect((await succeeds()).stderr).toContain("all is compared, as much was sent last");
    await laterRunsHaveNothingToLookAt();
  },
);

test("one that syncs all when it is asked has on its disk what a run says is there, however old its rsync is", async () => {
  const withSync = syncingModule(world.far.tree);
  world.far.configureModule("refuse options = fsync", ...withSync);
  put("seven");
  // It is asked before this run's end for the first time, and so has nothing to look at again.
  expect((await succeeds()).stderr).toContain("by list: 1 names");
  await world.far.losePower();
  expect(readFileSync(there("seven"), "utf8")).toBe("the book seven");
  world.far.configureModule(...withSync);
  const asked = join(world.folder, "asked");
  world.shadow("rsync", `echo "$@" >>${asked}; case " $* " in *" -ii "*) exit 0 ;; esac; exec REAL "$@"`);
  put("eight");
  await succeeds();
  await world.far.losePower();
  expect(readFileSync(there("eight"), "utf8")).toBe("the book eight");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
  const sending = readFileSync(asked, "utf8")
    .split("\n")
    .filter(line => line.includes("--partial-dir") && !line.includes("--dry-run"));
  expect([sending.length, sending.filter(line => line.includes("--fsync")).length]).toEqual([1, 0]);
});

test("one that can't sync what it was sent, or doesn't any more, is not believed to have it on its disk", async () => {
  const [module = "", ...settings] = syncingModule(world.far.tree);
  const fails = settings.map(line => (line.startsWith("pre-xfer") ? "pre-xfer exec = false" : line));
  world.far.configureModule(module, ...fails);
  put("nine");
  const failed = await run();
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("pre-xfer exec") as string });
  expect(failed.stderr).toContain("the sync of nas");
  world.far.configureModule();
  put("ten");
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  // Both were sent without a sync of their own.
  expect((await succeeds()).stderr).toContain("by list: 2 names");
  await laterRunsHaveNothingToLookAt();
});

test("one that loses its power in the midst of a file keeps what it had, is told as such, and gets all of it then", async () => {
  const gate = join(world.far.tree, "gate");
  const large = Buffer.alloc(8 * 1024 * 1024, "a large book. ");
  for (let at = 0; at < large.length; at += 4096) large.writeUInt32LE(at, at);
  world.far.configureModule(...syncingModule(world.far.tree));
  put("eleven");
  put("large", large);
  const before = world.metrics();
  through(world.far, `sh -c '${first(4_000_000)}; touch ${gate}; exec sleep 600'`);
  const running = world.start(["--json"]);
  await running.until(() => existsSync(world.far.outside(gate)));
  await world.far.losePower();
  expect((await running.finished).status).toBe(1);
  world.far.unshadow();
  const leg = (name: string): string => `leg_${name}{leg="backup"}`;
  const after = world.metrics();
  expect(after[leg("last_success_timestamp")]).toBe(before[leg("last_success_timestamp")]);
  expect([after[leg("last_status")], after[leg("debt_files")]]).toEqual([1, 2]);
  expect(readFileSync(there("one"), "utf8")).toBe("the book one");
  rmSync(world.far.outside(gate), { force: true });
  await succeeds();
  await world.far.losePower();
  expect(readFileSync(there("large")).equals(large)).toBe(true);
  expect(readFileSync(there("eleven"), "utf8")).toBe("the book eleven");
  // It was found to sync at that run's end, and what was sent before went over whatever connection there was.
  await succeeds();
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
});

test.each(inTime(1, ["when it is asked to sync", "when it gets its record"] as const))(
  "one that loses its power and has it again when all was sent and compared, %s, is believed nothing, and gets the rest",
  async when => {
    world.far.configureModule(...syncingModule(world.far.tree));
    put(`before it is lost ${when}`);
    await succeeds();
    const asks =
      when === "when it is asked to sync" ? "*::holdfast-sync/*" : "*--checksum\\ --\\ ./.holdfast/*";
    const before = world.metrics();
    const names = ["sent", "and lost"].map(name => `${name} ${when}`);
    for (const name of names) put(name);
    const { status, stderr } = await heldAt(asks, async () => {
      await commitNames();
      await world.far.losePower();
    });
    for (const name of names) expect(readFileSync(there(name), "utf8")).toBe("");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining("nas ended the connection over which it was sent to") as string,
    });
    const leg = (name: string): string => `leg_${name}{leg="backup"}`;
    expect(world.metrics()).toMatchObject({
      last_status: 1,
      [leg("last_status")]: 1,
      [leg("debt_files")]: 2,
      [leg("last_success_timestamp")]: before[leg("last_success_timestamp")],
    });
    await succeeds();
    for (const name of names) expect(readFileSync(there(name), "utf8")).toBe(`the book ${name}`);
  },
);

test("one that loses its power while a leg is sent has what an earlier one of the same run says is there", async () => {
  world.far.configureModule(...syncingModule(world.far.tree));
  mkdirSync(join(world.photos, "immich"));
  writeFileSync(join(world.photos, "immich/photo"), "a photo");
  world.writeConfig({});
  put("of the first leg");
  const { status } = await heldAt("*--partial-dir*nfs/immich*", async () => {
    await commitNames();
    await world.far.losePower();
  });
  expect(status).toBe(1);
  expect(world.metrics()).toMatchObject({
    'leg_last_status{leg="backup"}': 0,
    'leg_last_status{leg="photos/immich"}': 1,
  });
  expect(readFileSync(there("of the first leg"), "utf8")).toBe("the book of the first leg");
  expect((await succeeds()).stderr).toContain("backup: nothing changed");
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});

test("a leg that finds no room takes its connection along, and holds up no other", async () => {
  world.far.configureModule(...syncingModule(world.far.tree));
  world.writeConfig({});
  writeFileSync(join(world.photos, "immich/another photo"), "another photo");
  put("finds no room");
  world.shadow(
    "rsync",
    `case " $* " in *" -ii "*) exit 0 ;; *--partial-dir*pve-backup*) REAL "$@"; exit 11 ;; esac; exec REAL "$@"`,
  );
  expect((await run()).status).toBe(1);
  world.shadow("rsync", withoutScrub);
  expect(world.metrics()).toMatchObject({
    'leg_last_status{leg="backup"}': 1,
    'leg_last_status{leg="photos/immich"}': 0,
  });
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});

test("one whose record a loss of power left empty is known by what it was before, and one that says neither gets nothing", async () => {
  await succeeds();
  put("by an empty record");
  await succeeds();
  const { host, job } = world.config;
  const record = world.far.outside(join(world.far.tree, `.holdfast/${host}.${job}.json`));
  writeFileSync(record, "");
  put("behind an empty record");
  expect((await succeeds()).stderr).toContain("nas was left at another point than this host remembers");
  expect(readFileSync(there("behind an empty record"), "utf8")).toBe("the book behind an empty record");
  const written = readFileSync(record);
  for (const file of [record, `${record}.before`]) writeFileSync(file, "");
  const refused = await run();
  writeFileSync(record, written);
  expect(refused).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("the mark of nas can't be read") as string,
  });
  await succeeds();
});

/** A folder of the first leg's becomes a leg of its own: by their journal, nothing of it is owed. */
async function becomesLeg(name: string, ...files: readonly string[]): Promise<void> {
  for (const file of files) put(`../${name}/${file}`);
  await succeeds();
  const [backup] = world.config.legs as [OffsiteSyncConfig["legs"][number]];
  const own = { from: join(backup.from, name), to: name, excludes: [] };
  world.writeConfig({
    legs: [
      { ...backup, excludes: [...backup.excludes, name] },
      { ...backup, ...own, generations: [{ folder: "weeks", keeps: 2 }] },
    ],
  });
}

const inLeg = (name: string): string => readFileSync(world.far.outside(join(world.far.tree, name)), "utf8");

/** The destination has the name of a file that nobody synced, and no more of it: also where its kernel was busy, and had it on the disk. */
async function losesWith(name: string): Promise<void> {
  await commitNames();
  await world.far.losePower();
  writeFileSync(world.far.outside(join(world.far.tree, name)), "");
}

test("a leg that is new in an old journal is believed nothing where both ends lose their power before its sync", async () => {
  world.far.configureModule(...syncingModule(world.far.tree));
  await becomesLeg("music", "song");
  world.shadow(
    "rsync",
    `case " $* " in *" -ii "*) exit 0 ;; *::holdfast-sync/*) exec kill -KILL $PPID ;; esac; exec REAL "$@"`,
  );
  expect((await run()).signal).toBe("SIGKILL");
  world.shadow("rsync", withoutScrub);
  await losesWith("music/song");
  await succeeds();
  expect(inLeg("music/song")).toBe("the book ../music/song");
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});

test("what a leg was sent before the destination lost its power is in doubt, though another one is synced behind that", async () => {
  world.far.configureModule(...syncingModule(world.far.tree));
  await becomesLeg("films", "weeks/2026-21/one", "list");
  const { status } = await heldAt('*" --exclude=/weeks "*::holdfast/films/" "', () =>
    losesWith("films/weeks/2026-21/one"),
  );
  expect(status).toBe(1);
  await succeeds();
  expect(inLeg("films/weeks/2026-21/one")).toBe("the book ../films/weeks/2026-21/one");
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});

test("a night without news tells the destination where it is, once it was at another point", async () => {
  mkdirSync(join(world.photos, "immich"), { recursive: true });
  writeFileSync(join(world.photos, "immich/photo"), "a photo");
  world.far.configureModule(...syncingModule(world.far.tree));
  world.writeConfig({ legs: world.config.legs.slice(1) });
  await succeeds();
  await succeeds();
  const { host, job } = world.config;
  const record = world.far.outside(join(world.far.tree, `.holdfast/${host}.${job}.json`));
  const { mark } = JSON.parse(readFileSync(record, "utf8")) as { mark: string };
  writeFileSync(record, JSON.stringify({ mark, token: "of a snapshot" }));
  const other = "nas was left at another point than this host remembers";
  expect((await succeeds()).stderr).toContain(other);
  expect((await succeeds()).stderr).not.toContain(other);
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});

test("a leg's own folder and those of its generations have their owner there, also when a run has told what it sent", async () => {
  const folder = join(world.photos, "immich");
  mkdirSync(join(folder, "weeks"), { recursive: true });
  writeFileSync(join(folder, "photo"), "a photo");
  for (const [index, path] of [folder, join(folder, "weeks")].entries()) {
    chownSync(path, 999, 998 + index);
    chmodSync(path, 0o750);
  }
  world.far.configureModule(...syncingModule(world.far.tree));
  const legs = world.config.legs
    .slice(1)
    .map(leg => ({ ...leg, generations: [{ folder: "weeks", keeps: 2 }] }));
  world.writeConfig({ legs });
  await succeeds();
  chownSync(join(folder, "weeks"), 1001, 999);
  await succeeds();
  const into = join(world.folder, "photos-again");
  const restored = await world.start(["restore", legs[0]?.from ?? "", "--into", into]).finished;
  expect(restored).toMatchObject({ status: 0 });
  const found = [into, join(into, "weeks")].map(path => {
    const { uid, gid, mode } = statSync(world.outside(path));
    return { uid, gid, mode: mode & 0o777 };
  });
  expect(found).toEqual([
    { uid: 999, gid: 998, mode: 0o750 },
    { uid: 1001, gid: 999, mode: 0o750 },
  ]);
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  await succeeds();
});
