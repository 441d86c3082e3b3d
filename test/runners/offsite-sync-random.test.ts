import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { long } from "../long";
import { actAtRandom, patienceMs } from "../random-actions";
import { syncingModule } from "./support/far";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import { type Tracker, trackerOf } from "./support/tracker";
import { first, through } from "./support/through";
import { type Snapshot, snapshot, withoutRoot } from "./support/tree";

/**
 * Random changes of a folder that the real tracker watches, and nights that send what it named: to a destination that is away, that comes
 * back, that loses its power or a bit, over a connection that breaks, by runs that are killed, with a tracker that is stopped and records
 * that are brought back from a backup. After each good night a restore gives what the host has, and whatever an earlier night had sent,
 * until a full pass removes that; and what is told of the leg is true.
 */
const usualActions = long ? 600 : 12;

jest.setTimeout(patienceMs(1_800_000));

let world: OffsiteWorld;
let tracker: Tracker;
/** Of the folder that is sent, and one beside it on the same disk. */
let sent: string;
let beside: string;
/** Or it would find, at the end of each run, what no list had. */
const withoutScrub = `case " $* " in *" -ii "*) exit 0 ;; esac; exec REAL "$@"`;
/** What the last good night gave back. */
let last: Snapshot = new Map();
/** What the host had whenever a run was killed since: it may have sent that over what an earlier one sent. */
const halfway: Snapshot[] = [];
/** Names that were written since, below the folder. */
const changed = new Set<string>();
/** Good nights that sent what was named alone. */
let listed = 0;

beforeAll(async () => {
  world = await createOffsiteWorld(long ? 256 : 64, long ? 256 : 64);
  world.far.configureModule(...syncingModule(world.far.tree));
  [sent, beside] = [join(world.photos, "immich"), join(world.photos, "beside")];
  for (const folder of [sent, beside, join(sent, "d0")]) mkdirSync(folder);
  const { config, folder, fromHost } = world;
  const [, leg] = config.legs;
  if (!leg) throw new Error("the world has no second leg");
  const watched = { source: leg.mount, excludes: [], pushgateway: config.pushgateway };
  tracker = await trackerOf({ folder, fromHost, config: watched }, 200);
  const { writer, journal } = tracker.changes;
  const journals = [{ writer, folder: journal, root: leg.mount.path, watches: true }];
  world.writeConfig({ legs: [{ ...leg, journals }] });
  world.shadow("rsync", withoutScrub);
  for (const at of [0, 1, 2, 3, 4]) write(fileOf(at));
  // All others may be moved out, and a folder that holds nothing is refused: it may be a disk that is away.
  write("always");
  await tracker.start();
  await goodNight();
});
afterAll(async () => {
  await tracker.end("SIGTERM");
  await world.close();
});

type Action =
  | { readonly kind: "write" | "append" | "remove" | "chmod" | "move-in" | "move-out"; readonly at: number }
  | { readonly kind: "rename" | "rename-folder"; readonly at: number; readonly to: number }
  | {
      readonly kind:
        | "night"
        | "away"
        | "power"
        | "full-pass"
        | "stopped"
        | "restarted"
        | "older-memory"
        | "older-cursor"
        | "no-memory";
    }
  | { readonly kind: "cut"; readonly bytes: number }
  | { readonly kind: "flipped"; readonly at: number }
  | { readonly kind: "killed"; readonly phase: "reach" | "owe" | "send" | "acknowledge" };

const place = fc.nat(23);
const change = fc.record({
  kind: fc.constantFrom("write", "append", "remove", "chmod", "move-in", "move-out"),
  at: place,
});
const anAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 40, arbitrary: change },
  {
    weight: 14,
    arbitrary: fc.record({ kind: fc.constantFrom("rename", "rename-folder"), at: place, to: place }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("night" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("away", "stopped", "restarted", "older-memory", "older-cursor", "no-memory"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("power", "full-pass") }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("cut" as const), bytes: fc.nat(30_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flipped" as const), at: place }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("killed" as const),
      phase: fc.constantFrom("reach", "owe", "send", "acknowledge"),
    }),
  },
);

const folderOf = (at: number): string => `d${at % 4}`;
/** Few of them, so that they meet: at each a file or nothing, as a folder in its place couldn't be sent before a full pass. */
const fileOf = (at: number): string => join(folderOf(at), ...(at % 3 === 0 ? ["e \n"] : []), `f${at % 6}`);

/** Since the last good night anything may have changed, or nobody knows what it was: what is owed is told as what there was then. */
let mayBeAll = false;

let written = 0;
function write(name: string): void {
  written += 1;
  mkdirSync(join(sent, name, ".."), { recursive: true });
  writeFileSync(join(sent, name), `content ${written} ${"x".repeat((written * 7_919) % 6_000)}`);
  changed.add(name);
}

const isThere = (path: string): boolean => existsSync(path);

async function act(action: Action): Promise<void> {
  const name = "at" in action ? fileOf(action.at) : "";
  const path = join(sent, name);
  switch (action.kind) {
    case "write":
      return write(name);
    case "append":
      if (isThere(path)) {
        appendFileSync(path, "more");
        changed.add(name);
      }
      return;
    case "remove":
      return rmSync(path, { force: true });
    case "chmod":
      return isThere(path) ? chmodSync(path, written % 2 === 0 ? 0o600 : 0o640) : undefined;
    case "rename":
      if (!isThere(path) || action.at === action.to) return;
      mkdirSync(join(sent, fileOf(action.to), ".."), { recursive: true });
      return renameSync(path, join(sent, fileOf(action.to)));
    case "rename-folder":
      return moveFolder(join(sent, folderOf(action.at)), join(sent, folderOf(action.to)));
    case "move-in":
      return moveFolder(join(beside, folderOf(action.at)), join(sent, folderOf(action.at)));
    case "move-out":
      return moveFolder(join(sent, folderOf(action.at)), join(beside, folderOf(action.at)));
    case "night":
      return void (await goodNight());
    case "away":
      return nightAway();
    case "power":
      return world.far.losePower();
    case "full-pass":
      return fullPass();
    case "cut":
      return cutAfter(action.bytes);
    case "flipped":
      return flippedThere(name);
    case "stopped":
      mayBeAll = true;
      // It knows nothing of what comes until it is started again: that is the next night's to find out.
      return tracker.end("SIGTERM");
    case "restarted":
      mayBeAll = true;
      await tracker.end("SIGKILL");
      return void (await tracker.start());
    case "older-memory":
      mayBeAll = true;
      return bringBack(join(world.config.stateDir, "memory.json"));
    case "older-cursor":
      mayBeAll = true;
      return bringBack(join(tracker.changes.journal, "cursors"));
    case "no-memory":
      mayBeAll = true;
      return rmSync(join(world.config.stateDir, "memory.json"), { force: true });
    case "killed":
      return killedIn(action.phase);
    default:
      return action satisfies never;
  }
}

/** In the place of one that is there. */
function moveFolder(from: string, to: string): void {
  if (!isThere(from) || from === to) return;
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

/** As it was at an earlier call: a record from a backup. */
function bringBack(path: string): void {
  if (!isThere(path)) return;
  const backup = `${join(world.folder, "backup-of-")}${path.split("/").at(-1) ?? ""}`;
  const before = `${backup}.before`;
  rmSync(before, { recursive: true, force: true });
  cpSync(path, before, { recursive: true });
  if (isThere(backup)) cpSync(backup, path, { recursive: true });
  rmSync(backup, { recursive: true, force: true });
  renameSync(before, backup);
}

async function run(...args: string[]) {
  const { status, stdout, stderr } = await world.start([...args, "--json"]).finished;
  return { status, stderr, stdout };
}

const figure = (name: string): number => world.metrics()[`leg_${name}{leg="photos/immich"}`] ?? -1;

async function goodNight(...args: string[]): Promise<string> {
  await tracker.settled();
  const { status, stderr } = await run(...args);
  if (status !== 0) throw new Error(stderr);
  if (stderr.includes("by list")) listed += 1;
  expect([figure("last_status"), figure("debt_files"), figure("debt_bytes")]).toEqual([0, 0, 0]);
  const here = await onHost();
  const back = await restored();
  const lacks = [...here].filter(([name, entry]) => plain(back.get(name)) !== plain(entry));
  // What is gone here stays there until a full pass.
  const isSent = (name: string): boolean =>
    [last, ...halfway].some(tree => tree.has(name) && plain(tree.get(name)) === plain(back.get(name)));
  const lost = [...last].filter(([name]) => !here.has(name) && !isSent(name));
  expect({ stderr, lacks, lost }).toEqual({ stderr, lacks: [], lost: [] });
  last = back;
  halfway.length = 0;
  changed.clear();
  mayBeAll = false;
  return stderr;
}

/** The last one was more than a month ago; somebody has said that all that is gone here is meant to be. */
async function fullPass(): Promise<void> {
  const file = join(world.config.stateDir, "memory.json");
  const memory = isThere(file) ? (JSON.parse(readFileSync(file, "utf8")) as { full: object }) : { full: {} };
  const from = join(world.folder, "photos/immich");
  // One that isn't remembered begins to count at the next run.
  if (!(from in memory.full)) return void (await goodNight());
  writeFileSync(file, JSON.stringify({ ...memory, full: { [from]: Date.now() - 40 * 86_400_000 } }));
  // What was there is meant to go.
  const before = last;
  last = new Map();
  const stderr = await goodNight("--accept", from);
  expect(stderr).toContain("the full pass is done");
  const here = await onHost();
  expect({ before: before.size, left: [...last.keys()].filter(name => !here.has(name)) }).toEqual({
    before: before.size,
    left: [],
  });
}

/** Of what each question of a run sends, no more than so much gets there. */
async function cutAfter(bytes: number): Promise<void> {
  await tracker.settled();
  halfway.push(await onHost());
  const successMs = figure("last_success_timestamp");
  through(world.far, first(bytes));
  const { status, stderr } = await run();
  world.far.unshadow();
  if (status === 0) return void (await goodNight());
  expect({ stderr, told: figure("last_status") }).toEqual({ stderr, told: 1 });
  expect(figure("last_success_timestamp")).toBeLessThanOrEqual(successMs);
}

/** A bit of what is there, at its old size and time: a scrub mends it, or names it where nobody knows which of the two is good. */
async function flippedThere(name: string): Promise<void> {
  await goodNight();
  const [file, here] = [world.far.outside(join(world.far.tree, "nfs/immich", name)), join(sent, name)];
  if (!isThere(here) || statSync(here).size === 0) return;
  const good = readFileSync(here);
  const times = join(world.folder, "times");
  execFileSync("touch", ["-r", file, times]);
  const flipped = Buffer.from(good);
  flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
  writeFileSync(file, flipped);
  execFileSync("touch", ["-r", times, file]);
  world.unshadow("rsync");
  const { status, stderr } = await run();
  world.shadow("rsync", withoutScrub);
  const isMended = readFileSync(file).equals(good);
  expect(readFileSync(here).equals(good)).toBe(true);
  const told = [world.metrics()["repaired_files"], world.metrics()["doubtful_files"]];
  expect({ stderr, status, isMended, told }).toEqual({
    stderr,
    ...(isMended ? { status: 0, isMended, told: [1, 0] } : { status: 1, isMended, told: [0, 1] }),
  });
  if (isMended) return;
  // Somebody has looked: what is here is good.
  execFileSync("touch", [here]);
  world.unshadow("rsync");
  await goodNight();
  world.shadow("rsync", withoutScrub);
}

/** A folder's own time there is of the last comparison of all. */
const plain = (entry: string | undefined): string | undefined =>
  entry?.startsWith("mode 4") === true ? entry.replace(/mtime \d+/, "") : entry;

async function onHost(): Promise<Snapshot> {
  return withoutRoot(await snapshot(world, join(world.folder, "photos/immich")));
}

async function restored(): Promise<Snapshot> {
  const into = join(world.folder, "photos", "restored");
  await world.inside("mkdir", "-m", "0700", into);
  const { status, stdout, stderr } = await world.start([
    "restore",
    join(world.folder, "photos/immich"),
    "--into",
    into,
  ]).finished;
  if (status !== 0) throw new Error(stdout + stderr);
  const tree = withoutRoot(await snapshot(world, into));
  rmSync(join(world.photos, "restored"), { recursive: true });
  return tree;
}

async function nightAway(): Promise<void> {
  await tracker.settled();
  const successMs = figure("last_success_timestamp");
  await world.far.stop();
  const { status } = await run();
  await world.far.start();
  expect({ status, told: figure("last_status") }).toEqual({ status: 1, told: 1 });
  // A memory from a backup knows of an earlier one.
  expect(figure("last_success_timestamp")).toBeLessThanOrEqual(successMs);
  const owed = [...changed].filter(name => isThere(join(sent, name)));
  const bytes = owed.reduce((sum, name) => sum + statSync(join(sent, name)).size, 0);
  if (mayBeAll) return;
  expect(figure("debt_files")).toBeGreaterThanOrEqual(owed.length);
  expect(figure("debt_bytes")).toBeGreaterThanOrEqual(bytes);
}

async function killedIn(phase: string): Promise<void> {
  halfway.push(await onHost());
  const running = world.start();
  // One that went through the phase unseen has ended by itself.
  await running.reaches(phase).catch(() => undefined);
  running.kill("SIGKILL");
  await running.finished;
}

test("whatever happens between them, a good night leaves there what the host has, and what it had", async () => {
  await actAtRandom(anAction, usualActions, act);
  await tracker.end("SIGKILL");
  await tracker.start();
  await goodNight();
  const before = listed;
  write(fileOf(0));
  await nightAway();
  await goodNight();
  expect(listed).toBe(before + 1);
  write(fileOf(1));
  await killedIn("send");
  await goodNight();
  rmSync(join(sent, fileOf(0)));
  write(fileOf(1));
  await cutAfter(200);
  await world.far.losePower();
  await goodNight();
  await flippedThere(fileOf(1));
  await fullPass();
});

test("a large folder that is moved in, gets another name and is moved out is there as it is, and stays", async () => {
  const files = long ? 10_000 : 100;
  const [from, first, second] = [join(beside, "large"), join(sent, "large"), join(sent, "larger")];
  mkdirSync(from);
  for (let index = 0; index < files; index += 1) writeFileSync(join(from, `${index}`), `file ${index}`);
  for (const [old, name] of [
    [from, first],
    [first, second],
    [second, from],
  ] as const) {
    renameSync(old, name);
    await goodNight();
  }
  const names = [...last.keys()];
  for (const folder of ["large", "larger"])
    expect(names.filter(name => name.startsWith(`${folder}/`))).toHaveLength(files);
});
