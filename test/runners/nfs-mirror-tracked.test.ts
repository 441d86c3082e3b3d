import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { inTime } from "../long";
import { makeDiskImage } from "./support/disk-image";
import { mirrorLaw } from "./support/mirror-law";
import type { StartedRun } from "./support/started-run";
import { type Tracker, trackerOf } from "./support/tracker";
import { snapshot, withoutRoot } from "./support/tree";
import { createWorld, type World } from "./support/world";

/** What the real tracker says of a tree, and what the mirror makes of it: after each night the trees are equal. */
let world: World;
let tracker: Tracker;
let watching: StartedRun;

beforeAll(async () => {
  world = await createWorld({ sourceMb: 64, targetMb: 64 });
  tracker = await trackerOf(world);
  world.writeConfig({
    changes: tracker.changes,
    maxDeletions: { count: 1_000, percent: 100, bytesPercent: 100 },
    collapse: { leastPercent: 0, mostChangedPercent: 100 },
  });
  watching = await tracker.start();
  for (const folder of ["app/sub", "app/other", "mail/sub", "frigate/clips", "temp"])
    for (let n = 0; n < 20; n += 1) write(`${folder}/f${n}`);
  await expectNight("all");
});
afterAll(async () => {
  await tracker.end("SIGTERM");
  await world.close();
});

const at = (name: string): string => join(world.source, name);

let written = 0;
function write(name: string): void {
  mkdirSync(join(at(name), ".."), { recursive: true });
  writeFileSync(at(name), `${(written += 1)} `.padEnd(100, "x"));
}

interface Night {
  readonly args?: readonly string[];
  readonly status?: number;
  /** What happens while it runs. */
  meanwhile?(): Promise<void>;
}

/** A night that looks at what is said, after which both trees are equal but for what it holds. @returns what it said */
async function expectNight(
  compared: "all" | "named",
  { args = [], status: wanted = 0, meanwhile }: Night = {},
): Promise<string> {
  const run = world.start(["--json", ...args]);
  await meanwhile?.();
  const { status, stdout, stderr } = await run.finished;
  const said = stdout + stderr;
  const trees = await Promise.all(
    [world.config.source.path, world.config.target.path].map(path =>
      snapshot(world, path, { without: [".holdfast", ...world.config.excludes] }),
    ),
  );
  const [source = new Map<string, string>(), target = source] = trees.map(withoutRoot);
  expect({ status, said, broken: mirrorLaw(world, source, target).broken }).toEqual({
    ...{ status: wanted, broken: [] },
    said: expect.stringContaining(`"compared":"${compared}"`) as string,
  });
  return said;
}

test("folders that come into the tree, leave it, and change places with what nobody mirrors", async () => {
  const open = openSync(at("frigate/clips/f3"), "a");
  renameSync(at("frigate/clips"), at("app/clips"));
  renameSync(at("app/other"), at("frigate/clips"));
  renameSync(at("temp/f1"), at("mail/sub/f1"));
  await expectNight("named");
  // By a file that was opened while nobody mirrored it, and in a folder that nobody does now.
  writeSync(open, "more");
  closeSync(open);
  appendFileSync(at("frigate/clips/f1"), "more");
  await expectNight("named");
  await world.inside(
    "perl",
    "-e",
    "exit !!syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2)",
    ...["app/sub", "frigate/clips"].map(name => join(world.config.source.path, name)),
  );
  expect(readFileSync(at("app/sub/f1"), "utf8")).toContain("more");
  await expectNight("named");
  renameSync(at("app/clips"), at("frigate/back"));
  await expectNight("named");
});

test("more changes than the kernel keeps, while nobody hears them, are all of the tree, and the next night's names are all again", async () => {
  const said = readFileSync(`/proc/${watching.pid}/task/${watching.pid}/children`, "utf8").trim();
  const watchers = said.split(" ").map(Number);
  for (const pid of [watching.pid, ...watchers]) process.kill(pid, "SIGSTOP");
  write("app/sub/before");
  for (let n = 0; n < 8_000; n += 1) {
    writeFileSync(at(`temp/s${n}`), "1");
    renameSync(at(`temp/s${n}`), at(`temp/t${n}`));
    rmSync(at(`temp/t${n}`));
  }
  // Of these the kernel tells nothing.
  write("app/sub/f5");
  write("mail/new/unheard");
  rmSync(at("app/sub/f6"));
  for (const pid of [watching.pid, ...watchers]) process.kill(pid, "SIGCONT");
  expect(await expectNight("all")).toContain("handed over all of the tree");
  write("app/sub/f7");
  await expectNight("named");
});

/** In its place: a folder stays the one that somebody watches. */
function putBack(earlier: string, path: string): void {
  if (statSync(path).isDirectory())
    for (const entry of readdirSync(path)) rmSync(join(path, entry), { recursive: true });
  cpSync(earlier, path, { recursive: true, preserveTimestamps: true });
  rmSync(earlier, { recursive: true });
}

describe("what was put back as it was earlier, by itself", () => {
  const [state, journal] = [() => world.config.stateDir, () => tracker.changes.journal];
  const [known, cursors] = [() => join(state(), "changes.json"), () => join(journal(), "cursors")];
  const puttings: readonly [string, () => string[]][] = [
    ["both", () => [state(), journal()]],
    ["the journal's cursor and what the mirror knew", () => [cursors(), known()]],
    ["the mirror's state", () => [state()]],
    ["the journal", () => [journal()]],
    ["all but the cursors", () => [state(), join(journal(), "last-number"), join(journal(), "watched")]],
  ];
  test.each(inTime(1, puttings))("%s", async (_, foldersOf) => {
    await expectNight("all", { args: ["--accept", "."] });
    const folders = foldersOf();
    const earlier = folders.map(folder => `${folder}.earlier`);
    folders.forEach((folder, n) =>
      cpSync(folder, earlier[n] ?? "", { recursive: true, preserveTimestamps: true }),
    );
    write("app/sub/f8");
    await expectNight("named");
    write("app/sub/f9");
    write("mail/sub/f9");
    await expectNight("named");
    // The mirror of a moment that nothing is known of by then.
    writeFileSync(join(world.target, "app/sub/f9"), "of another night");
    write("app/sub/f10");
    folders.forEach((folder, n) => putBack(earlier[n] ?? "", folder));
    await expectNight("all");
    write("app/sub/f11");
    await expectNight("named");
  });
});

test("file systems below the tree, which nobody watches, that come, go and are changed for others", async () => {
  const inside = (name: string): string => join(world.config.source.path, name);
  const place = inside("media/disk");
  const mount = (image: string): Promise<string> => world.inside("mount", "-o", "loop", image, place);
  const [one, other] = ["one.img", "other.img"].map(name => join(world.folder, name));
  for (const image of [one, other]) await makeDiskImage(image ?? "", 16, ["-O", "^has_journal"]);
  for (const folder of ["media/disk", "app/bound"]) mkdirSync(at(folder), { recursive: true });
  await expectNight("named");
  await mount(one ?? "");
  write("media/disk/f1");
  await expectNight("all");
  write("media/disk/f2");
  await expectNight("named");
  await world.inside("umount", place);
  write("media/disk/beneath");
  write("app/sub/f12");
  await expectNight("named", { status: 1 });
  await mount(other ?? "");
  write("media/disk/f1");
  await expectNight("all", { status: 1 });
  await world.inside("umount", place);
  await mount(one ?? "");
  write("media/disk/f3");
  await expectNight("named");

  await world.inside("mount", "--bind", inside("mail"), inside("app/bound"));
  await expectNight("all");
  // By both of its names.
  write("mail/sub/f13");
  await expectNight("named");
  await world.inside("umount", inside("app/bound"));
  await expectNight("named", { status: 1 });
  await expectNight("all", { args: ["--accept", "app/bound", "--accept", "app"] });
});

test("the tree's own disk, mounted anew while it is watched", async () => {
  await world.inside("umount", join(world.config.source.path, "media/disk"));
  await world.inside("umount", "--lazy", world.config.source.path);
  await world.mount("src");
  await world.inside(
    "mount",
    "-o",
    "loop",
    join(world.folder, "one.img"),
    join(world.config.source.path, "media/disk"),
  );
  write("app/sub/f14");
  await expectNight("all", {
    async meanwhile() {
      // As its unit does.
      expect(await watching.finished).toMatchObject({ status: 1 });
      watching = await tracker.start();
    },
  });
});
