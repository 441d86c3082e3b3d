import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { testLong } from "../long";
import { type Tracker, trackerOf } from "./support/tracker";
import { openSegment, type SegmentKind } from "../../host-scripts/runtime/journal";
import {
  askedFile,
  forgetWatched,
  type Notes,
  noteWatched,
} from "../../host-scripts/runtime/journal-watched";
import { createWorld, metricsOf, type World } from "./support/world";

/** Nights that look at what was noted of the source; but for the last test, this process is who notes it. */
let world: World;
let tracker: Tracker;
/** What is noted, and when: at once, or once somebody has asked for the n-th time from now. */
let later: (readonly string[])[] = [];
let isWatching = true;
let notes: Notes = {};
let stopListening: () => void;

beforeEach(async () => {
  world = await createWorld({ sourceMb: 64, targetMb: 64 });
  tracker = await trackerOf(world);
  world.writeConfig({ changes: tracker.changes });
  mkdirSync(tracker.changes.journal, { recursive: true });
  [later, isWatching, notes] = [[], true, {}];
  const watcher = watch(tracker.changes.journal, (_, name) => {
    if (name !== askedFile || !isWatching) return;
    const now = later.shift() ?? [];
    if (now.length > 0) note(now);
    noteWatched(tracker.changes.journal, Date.now(), notes);
  });
  stopListening = () => watcher.close();
  noteWatched(tracker.changes.journal, Date.now());
  for (const service of ["app", "mail", "other"])
    for (let n = 0; n < 30; n += 1) write(`${service}/sub/f${n}`);
  write("other/alone/f");
  expect(await night()).toMatchObject({ status: 0, compared: "all" });
});
afterEach(async () => {
  stopListening();
  await tracker.end("SIGKILL");
  await world.close();
});

const at = (name: string): string => join(world.source, name);
const copyAt = (name: string): string => join(world.target, name);

let written = 0;
function write(name: string, bytes = 100): void {
  mkdirSync(join(at(name), ".."), { recursive: true });
  writeFileSync(at(name), `${(written += 1)} `.padEnd(bytes, "x"));
}

function note(names: readonly string[], kind: SegmentKind = "paths"): void {
  const segment = openSegment(tracker.changes.journal, kind, false);
  for (const name of names) segment.add(Buffer.from(name));
  segment.promote();
}

async function night(...args: string[]) {
  const { status, stdout, stderr } = await world.start(["--json", ...args]).finished;
  const said = stdout + stderr;
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as {
    compared?: string;
    toCopy?: number;
    toDelete?: number;
    copied?: number;
    deleted?: number;
  };
  return { ...result, status, said };
}

const content = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, "utf8") : undefined;

test("it looks at what is named and at nothing else, and at all of it once a week, or after a gap", async () => {
  write("app/sub/f1");
  write("mail/new/deep/f");
  for (const name of ["app/sub/f2", "other/alone/f"]) rmSync(at(name));
  note(["app/sub/f1", "app/sub/f2", "other/alone/f", "frigate/clip"]);
  note(["mail/new"], "reconcile");
  // Nobody looks at these.
  rmSync(copyAt("other/sub/f1"));
  write("other/sub/f2");
  const [unnamed, old] = [readFileSync(at("other/sub/f2"), "utf8"), content(copyAt("other/sub/f2"))];
  expect(await night()).toMatchObject({ status: 0, compared: "named", deleted: 2 });
  expect(content(copyAt("app/sub/f1"))).toBe(content(at("app/sub/f1")));
  expect(content(copyAt("mail/new/deep/f"))).toBe(content(at("mail/new/deep/f")));
  expect([existsSync(copyAt("app/sub/f2")), existsSync(copyAt("other/sub/f1"))]).toEqual([false, false]);
  const timesOf = (path: (name: string) => string): number[] =>
    ["app/sub", "mail", "other/alone"].map(name => statSync(path(name)).mtimeMs);
  expect(timesOf(copyAt)).toEqual(timesOf(at));
  expect(content(copyAt("other/sub/f2"))).toBe(old);
  expect(await night()).toMatchObject({ status: 0, compared: "named", toCopy: 0, toDelete: 0 });
  const firstMs = metricsOf(world)["compared_all_timestamp"] ?? 0;

  const whole = async (why: string): Promise<void> => {
    const run = await night();
    expect(run).toMatchObject({
      status: 0,
      compared: "all",
      said: expect.stringContaining(`all is compared, as ${why}`) as string,
    });
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
  };
  note(["."], "reconcile");
  await whole("its writer handed over all of the tree");
  expect(content(copyAt("other/sub/f2"))).toBe(unnamed);
  expect(existsSync(copyAt("other/sub/f1"))).toBe(true);
  expect(metricsOf(world)["compared_all_timestamp"]).toBeGreaterThanOrEqual(firstMs);
  forgetWatched(tracker.changes.journal);
  const unwatched = await night();
  expect(unwatched).toMatchObject({
    status: 0,
    compared: "all",
    said: expect.stringContaining("nobody has watched the source") as string,
  });
  noteWatched(tracker.changes.journal, Date.now());
  // A tracker that was rolled back may note less than this one mirrors.
  for (const [noted, why] of [
    [{ without: ["frigate", "mail"] }, 'what changes in "mail" is not noted'],
    [{ only: ["app"] }, 'what changes is noted of "app" alone'],
  ] satisfies [Notes, string][]) {
    notes = noted;
    expect(await night()).toMatchObject({
      compared: "all",
      said: expect.stringContaining(`all is compared, as ${why}`) as string,
    });
  }
  notes = { without: ["frigate"] };
  expect(await night()).toMatchObject({ compared: "named" });
  const cursor = join(tracker.changes.journal, "cursors", "nfs-mirror");
  copyFileSync(cursor, `${cursor}.old`);
  expect(await night()).toMatchObject({ compared: "named" });
  renameSync(`${cursor}.old`, cursor);
  await whole("its cursor is another one than remembered");
  note(["app/a"]);
  note(["app/b"]);
  const [lost] = segments();
  rmSync(join(tracker.changes.journal, lost ?? ""));
  await whole("segment");
  edit(left => ({ ...left, comparedAllMs: Date.now() - 7 * 86_400_000 }));
  await whole("it was last at");
  edit(left => ({ ...left, comparedAllMs: Date.now() + 86_400_000 }));
  await whole("the last time is by a clock that was ahead");
  rmSync(memory());
  await whole("no earlier run has left what it knew");
});

const memory = (): string => join(world.config.stateDir, "changes.json");
const segments = (): string[] =>
  ["paths", "reconcile"].flatMap(kind =>
    Array.from({ length: 40 }, (_, n) => `${String(n).padStart(12, "0")}.${kind}`).filter(name =>
      existsSync(join(tracker.changes.journal, name)),
    ),
  );
function edit(change: (left: object) => object): void {
  writeFileSync(memory(), JSON.stringify(change(JSON.parse(readFileSync(memory(), "utf8")) as object)));
}

test("what got another name is told in two events: between them its copy is neither lost nor copied anew", async () => {
  const old = statSync(copyAt("app/sub/f1")).ino;
  const folder = statSync(copyAt("mail/sub/f1")).ino;
  mkdirSync(at("other/moved"));
  renameSync(at("app/sub/f1"), at("other/moved/f1"));
  renameSync(at("mail/sub"), at("other/moved/sub"));
  note(["app/sub/f1"]);
  note(["mail/sub"], "reconcile");
  // The second half of each comes once the run has looked at the first one.
  later = [[], ["other/moved/f1", "other/moved/sub", "app/sub/f3"]];
  // What has gone meanwhile is the next run's.
  rmSync(at("app/sub/f3"));
  expect(await night()).toMatchObject({ status: 0, compared: "named" });
  expect([statSync(copyAt("other/moved/f1")).ino, statSync(copyAt("other/moved/sub/f1")).ino]).toEqual([
    old,
    folder,
  ]);
  expect([existsSync(copyAt("app/sub/f1")), existsSync(copyAt("app/sub/f3"))]).toEqual([false, true]);
  expect(await night()).toMatchObject({ status: 0, compared: "named", deleted: 1 });
  expect(existsSync(copyAt("app/sub/f3"))).toBe(false);
});

test("ceilings are of the whole tree, and a service that is gone as a whole keeps its copy, whatever is named later", async () => {
  for (let n = 0; n < 11; n += 1) rmSync(at(`app/sub/f${n}`));
  note(Array.from({ length: 11 }, (_, n) => `app/sub/f${n}`));
  const refused = await night();
  expect(refused).toMatchObject({
    status: 3,
    said: expect.stringMatching(/11 of the target's \d\d entries .* would be deleted/) as string,
  });
  expect(existsSync(copyAt("app/sub/f0"))).toBe(true);
  // Not acknowledged, so they are still named.
  write("app/sub/f0");
  write("app/sub/f1");
  expect(await night()).toMatchObject({ status: 0, compared: "named", deleted: 9 });

  rmSync(at("mail"), { recursive: true });
  note(["mail"]);
  const held = await night();
  expect(held).toMatchObject({
    status: 1,
    compared: "named",
    said: expect.stringContaining("the source lacks all of it") as string,
  });
  write("app/sub/f20");
  note(["app/sub/f20"]);
  const again = await night();
  expect(again).toMatchObject({
    status: 1,
    compared: "named",
    copied: expect.any(Number) as number,
    said: expect.stringContaining("the source lacks all of it") as string,
  });
  expect(metricsOf(world)["held_entries"]).toBe(32);
  expect(content(copyAt("app/sub/f20"))).toBe(content(at("app/sub/f20")));
  expect(existsSync(copyAt("mail/sub/f0"))).toBe(true);
  expect(await night("--accept", "mail")).toMatchObject({ status: 0, compared: "all" });
  expect(existsSync(copyAt("mail"))).toBe(false);
});

test("names that share a file, and stop doing so, are told apart; a run that fails names all of it again", async () => {
  linkSync(at("app/sub/f1"), at("other/sub/linked"));
  note(["other/sub/linked"]);
  expect(await night()).toMatchObject({ status: 0, compared: "named" });
  expect(statSync(copyAt("other/sub/linked")).ino).toBe(statSync(copyAt("app/sub/f1")).ino);

  // Size, time and content are the same.
  const inside = (name: string): string => join(world.config.source.path, name);
  await world.inside("cp", "-p", inside("app/sub/f1"), inside("own"));
  renameSync(at("own"), at("other/sub/linked"));
  write("app/sub/f2");
  note(["other/sub/linked", "app/sub/f2"]);
  world.shadow("rsync", 'case "$*" in *--dry-run*) exec REAL "$@";; esac; exit 12');
  expect(await night()).toMatchObject({ status: 1 });
  world.unshadow("rsync");
  expect(await night()).toMatchObject({ status: 0, compared: "named" });
  expect(statSync(copyAt("other/sub/linked")).ino).not.toBe(statSync(copyAt("app/sub/f1")).ino);
  expect(content(copyAt("app/sub/f2"))).toBe(content(at("app/sub/f2")));
});

test("a file with names in two services that got an older time is one file that did, and no sign of an old disk", async () => {
  linkSync(at("app/sub/f3"), at("mail/linked"));
  note(["mail/linked"]);
  expect(await night()).toMatchObject({ status: 0, compared: "named" });
  write("app/sub/f3", 300);
  utimesSync(at("app/sub/f3"), 1_000_000_000, 1_000_000_000);
  note(["app/sub/f3"]);
  expect(await night()).toMatchObject({ status: 0, compared: "named" });
  const [inApp, inMail] = ["app/sub/f3", "mail/linked"].map(name => statSync(copyAt(name)));
  expect([content(copyAt("mail/linked")), inMail?.ino]).toEqual([content(at("mail/linked")), inApp?.ino]);
});

// Names that share a file are tested above.
testLong(
  "a file is looked at by all of its names, as who notes it knows one: the one in a service that is kept as it is says nothing of the others",
  async () => {
    linkSync(at("app/sub/f3"), at("mail/linked"));
    note(["mail/linked"]);
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
    const names = Array.from({ length: 30 }, (_, n) => `app/sub/f${n}`);
    const before = content(copyAt("app/sub/f3"));
    for (const name of names) {
      write(name, 200);
      if (name !== "app/sub/f3") utimesSync(at(name), 1_000_000_000, 1_000_000_000);
    }
    note(names);
    expect(await night()).toMatchObject({
      status: 1,
      compared: "named",
      said: expect.stringContaining('\\"app\\": ') as string,
    });
    expect(content(copyAt("app/sub/f3"))).toBe(before);
    expect(content(copyAt("mail/linked"))).toBe(content(at("mail/linked")));
  },
);

// A run that fails names all of it again, above.
testLong(
  "what a run leaves for the next one, as its new name went meanwhile, that one looks at though nobody names it",
  async () => {
    for (const [name, fresh] of [
      ["app/sub/f1", "other/alone/g1"],
      ["mail/sub/f2", "other/alone/g2"],
    ] as const)
      renameSync(at(name), at(fresh));
    write("app/sub/f1", 50);
    note(["app/sub/f1", "mail/sub/f2", "other/alone/g1", "other/alone/g2"]);
    const gone = `${world.config.source.path}/other/alone/g`;
    world.shadow("rsync", `case "$*" in *--dry-run*) ;; *) rm -f ${gone}1 ${gone}2;; esac; exec REAL "$@"`);
    // Each may be the only copy of what has gone.
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
    world.unshadow("rsync");
    expect(content(copyAt("app/sub/f1"))).not.toBe(content(at("app/sub/f1")));
    expect(existsSync(copyAt("mail/sub/f2"))).toBe(true);
    note(["other/alone/g1", "other/alone/g2"]);
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
    expect(content(copyAt("app/sub/f1"))).toBe(content(at("app/sub/f1")));
    expect(existsSync(copyAt("mail/sub/f2"))).toBe(false);
  },
);

// The night after a gap is in the first test, and a watcher that was killed in journal-watched.test.ts.
testLong(
  "with the tracker killed and started anew, a night compares all, and the next one what it names",
  async () => {
    isWatching = false;
    await tracker.start();
    expect(await night()).toMatchObject({ status: 0, compared: "all" });
    appendFileSync(at("app/sub/f1"), "more");
    expect(await night()).toMatchObject({ status: 0, compared: "named", copied: 1 });
    await tracker.end("SIGKILL");
    write("app/sub/unheard");
    await tracker.start();
    expect(await night()).toMatchObject({ status: 0, compared: "all" });
    expect(content(copyAt("app/sub/unheard"))).toBe(content(at("app/sub/unheard")));
    // Written to by a name that nobody mirrors.
    mkdirSync(at("frigate"));
    linkSync(at("app/sub/f1"), at("frigate/f1"));
    write("frigate/own");
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
    appendFileSync(at("frigate/own"), "more");
    expect(await night()).toMatchObject({ status: 0, compared: "named" });
    appendFileSync(at("frigate/f1"), "by another name");
    expect(await night()).toMatchObject({ status: 0, compared: "all" });
    expect(content(copyAt("app/sub/f1"))).toBe(content(at("app/sub/f1")));
    await tracker.end("SIGTERM");
  },
);
