import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { long } from "../long";
import { actAtRandom, patienceMs } from "../random-actions";
import { mirrorLaw } from "./support/mirror-law";
import { type Tracker, trackerOf } from "./support/tracker";
import { snapshot, withoutRoot } from "./support/tree";
import { createWorld, type World } from "./support/world";

/**
 * Random changes, told by the real tracker, and nights that look at nothing else: after each of them a comparison of all finds nothing
 * to copy and nothing to delete, and the trees are equal but for what is held.
 */
const usualActions = long ? 600 : 20;

jest.setTimeout(patienceMs(1_800_000));

let world: World;
let tracker: Tracker;

beforeAll(async () => {
  world = await createWorld({ sourceMb: 48, targetMb: 48 });
  tracker = await trackerOf(world);
  world.writeConfig({
    changes: tracker.changes,
    // Names that go by the dozen are what is tried here.
    maxDeletions: { count: 1_000, percent: 100, bytesPercent: 100 },
  });
  await tracker.start();
  for (let index = 0; index < 40; index += 1) write(pathOf(index));
  writeFileSync(join(world.source, "anchor"), "x".repeat(2 * 1024 * 1024));
  expect(await night()).toMatchObject({ status: 0, compared: "all" });
});
afterAll(async () => {
  await tracker.end("SIGTERM");
  await world.close();
});

type Action =
  | {
      readonly kind:
        | "write"
        | "append"
        | "set-back"
        | "remove"
        | "folder"
        | "link-to"
        | "chmod"
        | "attribute"
        | "relink";
      readonly at: number;
    }
  | { readonly kind: "rename" | "hard-link" | "exchange"; readonly at: number; readonly to: number }
  | { readonly kind: "night" | "restart" };

const place = fc.nat(199);
const anAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 36,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "write",
        "append",
        "set-back",
        "remove",
        "folder",
        "link-to",
        "chmod",
        "attribute",
        "relink",
      ),
      at: place,
    }),
  },
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constantFrom("rename", "rename", "hard-link", "exchange"),
      at: place,
      to: place,
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("night" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

/** A few places, so that they meet: at each a file, a folder, a link, or nothing. */
function pathOf(at: number): string {
  const names = ["app", "b\n", "-c", "d #1", "\u00fc"];
  const words = [`s${at % 3}`, names[at % 5], names[(at * 7) % 4], `f${at % 11}`].slice(0, 2 + (at % 3));
  return join(world.source, ...words.map(word => word ?? ""));
}

/** A path as programs in the world's namespace have it. */
const insideOf = (path: string): string => path.replace(world.source, world.config.source.path);

let written = 0;
function write(path: string): void {
  makeRoom(path);
  if (isFolder(path)) return;
  // It may lead to itself.
  if (isLink(path)) rmSync(path);
  written += 1;
  writeFileSync(path, `content ${written} ${"x".repeat((written * 7_919) % 6_000)}`);
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Folders above a path, in the place of whatever is there. */
function makeRoom(path: string): void {
  const folder = dirname(path);
  if (folder === world.source || isFolder(folder)) return;
  makeRoom(folder);
  if (isThere(folder)) rmSync(folder);
  mkdirSync(folder);
}

async function act(action: Action): Promise<void> {
  const path = "at" in action ? pathOf(action.at) : "";
  switch (action.kind) {
    case "night":
      return judge();
    case "restart":
      await tracker.end("SIGKILL");
      await tracker.start();
      return;
    case "write":
      return write(path);
    case "append":
      if (isFile(path)) appendFileSync(path, "more");
      return;
    case "set-back":
      if (isThere(path) && !isLink(path)) utimesSync(path, 1_000_000_000 + action.at, 1_000_000_000);
      return;
    case "remove":
      rmSync(path, { recursive: true, force: true });
      return;
    case "folder":
      rmSync(path, { recursive: true, force: true });
      makeRoom(path);
      mkdirSync(path);
      return write(join(path, "inner"));
    case "link-to":
      rmSync(path, { recursive: true, force: true });
      makeRoom(path);
      return symlinkSync("app", path);
    case "chmod":
      if (isThere(path) && !isLink(path)) chmodSync(path, action.at % 2 === 0 ? 0o700 : 0o755);
      return;
    case "attribute":
      if (isFile(path))
        await world.inside("setfattr", "-n", "user.n", "-v", `${(written += 1)}`, insideOf(path));
      return;
    case "relink": {
      // A file of its own in the place of a shared one, with the same content and time.
      if (!isFile(path)) return;
      await world.inside("cp", "-a", "--", insideOf(path), `${insideOf(path)}.own`);
      renameSync(`${path}.own`, path);
      return;
    }
    case "rename":
    case "hard-link":
    case "exchange":
      return move(action.kind, path, pathOf(action.to));
    default:
      return action satisfies never;
  }
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

function move(kind: "rename" | "hard-link" | "exchange", from: string, to: string): void {
  if (!isThere(from) || from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return;
  if (kind === "hard-link" && !isFile(from)) return;
  if (kind === "exchange" && isThere(to)) {
    renameSync(to, `${to}.other`);
    renameSync(from, to);
    makeRoom(from);
    renameSync(`${to}.other`, from);
    return;
  }
  rmSync(to, { recursive: true, force: true });
  makeRoom(to);
  if (!isThere(from)) return;
  if (kind === "hard-link") linkSync(from, to);
  else renameSync(from, to);
}

let named = 0;

async function night(...args: string[]) {
  const { status, stdout, stderr } = await world.start(["--json", ...args]).finished;
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as {
    compared?: string;
    toCopy?: number;
    toDelete?: number;
  };
  return { status, said: stdout + stderr, ...result };
}

async function judge(): Promise<void> {
  const { status, said, compared } = await night();
  if (compared === "named") named += 1;
  // A service that lost what it had waits for an answer: all else is mirrored.
  if (![0, 1].includes(status ?? -1)) throw new Error(said);
  const trees = await Promise.all(
    [world.config.source.path, world.config.target.path].map(path =>
      snapshot(world, path, { without: [".holdfast"] }),
    ),
  );
  const [source = new Map<string, string>(), target = source] = trees.map(withoutRoot);
  const { broken, unlinked } = mirrorLaw(world, source, target);
  expect({ said, broken }).toEqual({ said, broken: [] });
  const whole = await night("--dry-run");
  expect({ said, whole }).toEqual({
    said,
    whole: expect.objectContaining({ status: 0, toDelete: 0 }) as unknown,
  });
  if ((whole.toCopy ?? Infinity) > unlinked) throw new Error(`${unlinked} may differ: ${whole.said}`);
}

test("a night that looks at what was noted leaves nothing for one that looks at all", async () => {
  await actAtRandom(anAction, usualActions, act);
  await judge();
  expect(named).toBeGreaterThan(usualActions / 20);
});
