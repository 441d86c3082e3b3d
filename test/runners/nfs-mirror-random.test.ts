import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import * as fc from "fast-check";
import { actAtRandom, patienceMs } from "../random-actions";
import { long } from "../long";
import { createRestoring, type Restoring, type WayOut } from "./support/restoring";
import { createRotting, type Rotting } from "./support/rotting";
import { createSteppingClock, type SteppingClock } from "./support/stepping-clock";
import type { FinishedRun, StartedRun } from "./support/started-run";
import { contentOf, differences, type Snapshot, snapshot } from "./support/tree";
import { createWorld, type World } from "./support/world";

/**
 * Random days and nights of a mirror against a model that says after each run what may be lost. On some days a nested file
 * system is away, the target is full, an entry can't be copied, a service has lost all that it had, or the host's clock has made a step; on
 * some an operator says that
 * what a service has lost is meant to go, or restores it, and that is cut short, gone on with or taken back.
 */
const usualActions = long ? 600 : 18;

jest.setTimeout(patienceMs(1_200_000));

const services = ["app", "mail", "media"] as const;
const files = 8;

type Action =
  | { readonly kind: "write" | "touch" | "remove" | "link" | "chmod"; readonly file: number }
  | { readonly kind: "rot"; readonly which: number }
  | { readonly kind: "rename" | "collapse" | "refill"; readonly service: number }
  | { readonly kind: "nested"; readonly there: boolean }
  | { readonly kind: "full"; readonly isFull: boolean }
  | { readonly kind: "too-long"; readonly there: boolean }
  | { readonly kind: "night" | "scrub" | "heal" }
  | { readonly kind: "accept"; readonly service: number }
  | { readonly kind: "clock"; readonly aheadDays: number }
  | {
      readonly kind: "restore";
      readonly service: number;
      readonly out: WayOut;
      readonly kill: Kill | undefined;
    }
  | ({ readonly kind: "kill" | "kill-scrub" } & Kill);

const aFile = fc.nat(services.length * files - 1);
const aService = fc.nat(services.length - 1);

const aKill = {
  signal: fc.constantFrom("SIGKILL" as const, "SIGTERM" as const),
  afterMs: fc.integer({ min: 0, max: 900 }),
};

const anAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("write" as const), file: aFile }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom("touch", "remove", "link", "chmod"), file: aFile }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("rot" as const), which: fc.nat(1_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("rename", "refill"), service: aService }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("collapse" as const), service: aService }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("nested" as const), there: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("full" as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("too-long" as const), there: fc.boolean() }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constantFrom("night", "night", "scrub", "heal") }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("accept" as const), service: aService }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      aheadDays: fc.constantFrom(-9, -1, 0, 0, 1, 9, 400),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("restore" as const),
      // Not the one with a file system of its own in it, which comes back by itself.
      service: fc.nat(1),
      out: fc.constantFrom("--resume" as const, "--rollback" as const),
      kill: fc.option(fc.record(aKill), { nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("kill", "kill", "kill", "kill-scrub"), ...aKill }),
  },
);

let world: World;
let rotting: Rotting;
let clock: SteppingClock;
let restoring: Restoring;

beforeAll(async () => {
  world = await createWorld({ sourceMb: 48, targetMb: 48 });
  rotting = await createRotting(world, [tooLongFolder, restores]);
  clock = createSteppingClock(world.folder);
  restoring = createRestoring(world, rotting, clock);
  for (const service of services) {
    mkdirSync(join(world.source, service));
    for (let index = 0; index < files; index += 1) write(join(world.source, service, `f${index}`));
  }
  mkdirSync(join(world.source, nestedFolder));
  await execa("truncate", ["-s", "8M", nestedImage()]);
  await execa("mkfs.ext4", ["-q", nestedImage()]);
  await mountNested(true);
  for (let index = 0; index < 3; index += 1) write(join(world.source, nestedFolder, `n${index}`));
  mkdirSync(join(world.target, others));
  writeFileSync(join(world.target, others, "volume"), "another job's");
});
afterAll(() => world.close());

const others = "pvc-data";
const nestedFolder = "media/disk";
/** Where a restore works, and keeps what was there. */
const restores = ".holdfast-restore";
/** A service of which not all can be copied. */
const tooLongFolder = "long";
const nestedImage = (): string => join(world.folder, "nested.img");
let nestedThere = false;

async function mountNested(there: boolean): Promise<void> {
  if (there === nestedThere) return;
  const folder = join(world.config.source.path, nestedFolder);
  if (there) await world.inside("mount", "-o", "loop", nestedImage(), folder);
  else await world.inside("umount", folder);
  nestedThere = there;
}

let written = 0;
/** No two contents are the same, so that each copy tells what it is one of. */
function write(path: string): void {
  written += 1;
  writeFileSync(path, `content ${written} ${"x".repeat((written * 7_919) % 60_000)}`);
}

test("no night loses what the model says must be there", async () => {
  await actAtRandom(anAction, usualActions, act);
  await heal();
  await rotting.scrub(run => run.finished, true);
});

async function act(action: Action): Promise<void> {
  const changed = serviceOf(action);
  // Its workload is down.
  if (changed !== undefined && restoring.cut.has(changed)) return;
  switch (action.kind) {
    case "write":
    case "touch":
    case "remove":
    case "link":
    case "chmod":
      return change(action.kind, action.file);
    case "rot":
      // What rots meanwhile comes back or doesn't, by when a restore that was cut had copied it.
      return restoring.cut.size > 0 ? undefined : rotting.rot(action.which);
    case "rename": {
      const [one, other] = [join(serviceAt(action.service), "sub"), join(serviceAt(action.service), "moved")];
      const [from, to] = existsSync(one) ? [one, other] : [other, one];
      if (existsSync(from) && !existsSync(to)) renameSync(from, to);
      return;
    }
    case "collapse":
      // All but the nested file system's folder, which is busy.
      for (const name of entriesOf(serviceAt(action.service)))
        if (name !== "disk") rmSync(join(serviceAt(action.service), name), { recursive: true });
      return;
    case "refill":
      mkdirSync(join(serviceAt(action.service), "sub"), { recursive: true });
      for (let index = 0; index < files; index += 1)
        write(join(serviceAt(action.service), "sub", `s${index}`));
      return;
    case "nested":
      return mountNested(action.there);
    case "full":
      return fill(action.isFull);
    case "too-long":
      return tooLong(action.there);
    case "night":
      await night(run => run.finished);
      return;
    case "scrub":
      return rotting.scrub(run => run.finished, !isFull);
    case "kill":
      await night(killed(action));
      return;
    case "kill-scrub":
      return rotting.scrub(killed(action), false);
    case "accept":
      await night(run => run.finished, ["--accept", services[action.service] ?? ""]);
      return;
    case "restore": {
      const { kill, service, out } = action;
      return restoring.restore(services[service] ?? "", out, kill && killed(kill));
    }
    case "clock":
      clock.aheadDays = action.aheadDays;
      return;
    case "heal":
      return heal();
    default:
      return action satisfies never;
  }
}

/** The service that an action of a workload's changes. */
function serviceOf(action: Action): string | undefined {
  if ("file" in action) return services[Math.floor(action.file / files)];
  return action.kind !== "restore" && action.kind !== "accept" && "service" in action
    ? services[action.service]
    : undefined;
}

interface Kill {
  readonly signal: "SIGKILL" | "SIGTERM";
  readonly afterMs: number;
}

const killed =
  ({ signal, afterMs }: Kill) =>
  async (run: StartedRun): Promise<FinishedRun> => {
    await sleep(afterMs);
    run.kill(signal);
    return run.finished;
  };

function change(kind: "write" | "touch" | "remove" | "link" | "chmod", index: number): void {
  const path = fileAt(index);
  if (kind === "write") return write(path);
  if (!existsSync(path)) return;
  if (kind === "touch") appendFileSync(path, "more");
  if (kind === "remove") rmSync(path);
  if (kind === "chmod") chmodSync(path, index % 2 === 0 ? 0o600 : 0o664);
  // Into another service nothing is linked: its workload may be down.
  if (kind === "link" && index % files < files - 1) {
    rmSync(fileAt(index + 1), { force: true });
    linkSync(path, fileAt(index + 1));
  }
}

const serviceAt = (index: number): string => join(world.source, services[index % services.length] ?? "");
const fileAt = (index: number): string => join(serviceAt(Math.floor(index / files)), `f${index % files}`);

let isFull = false;

/** The disk that the target shares with other jobs has no room, or has it again. */
async function fill(full: boolean): Promise<void> {
  isFull = full;
  const ballast = join(world.config.target.path, others, "ballast");
  await world.inside(
    "sh",
    "-c",
    full ? `head -c 1G /dev/zero >${ballast} 2>/dev/null || :` : `rm -f ${ballast}`,
  );
}

/** A path that is too long for a program that names it from the root, in folders that are made one by one. */
async function tooLong(there: boolean): Promise<void> {
  const top = join(world.config.source.path, tooLongFolder);
  const deep = `i=0; while [ $i -lt 20 ]; do mkdir -p ${"d".repeat(250)} && cd ${"d".repeat(250)}; i=$((i+1)); done; echo deep >file`;
  await world.inside("sh", "-c", there ? `mkdir -p ${top} && cd ${top} && ${deep}` : `rm -rf ${top}`);
}

/** One run, and what it must have left. */
async function night(
  end: (run: StartedRun) => Promise<FinishedRun>,
  told: readonly string[] = [],
): Promise<FinishedRun> {
  // The target's root and its private folder are the mirror's own.
  const look = async (path: string): Promise<Snapshot> =>
    new Map(
      [...(await snapshot(world, path, { without: [others, tooLongFolder, restores, ".holdfast"] }))].slice(
        1,
      ),
    );
  const before = await look(world.config.target.path);
  const present = await look(world.config.source.path);
  const finished = await end(world.start(told, clock.environment()));
  // What a killed run leaves may write for a while; the next run, or the report of the end, ends it.
  if (finished.signal !== null)
    await world.start(["--report-end"], { INVOCATION_ID: "killed", ...clock.environment() }).finished;
  const after = await look(world.config.target.path);
  judge(before, present, after, finished, told);
  if (clock.judge(finished)) expect(differences(before, after)).toEqual([]);
  expect(readdirSync(join(world.target, others))).toContain("volume");
  return finished;
}

function judge(
  before: Snapshot,
  present: Snapshot,
  after: Snapshot,
  finished: FinishedRun,
  told: readonly string[],
): void {
  const said = `${finished.stdout}${finished.stderr}`;
  // File systems tell the real time: by a clock that is behind it, all that was changed lately comes while a scan looks, and what went waits.
  const waits = clock.aheadDays < 0 && said.includes("which came while the source was looked at");
  if (finished.status === 0 && !waits)
    expect({ said, differs: differences(present, rotting.mended(after)) }).toEqual({ said, differs: [] });
  const gone = [...before.keys()].filter(path => !after.has(path));
  const kept = gone.filter(path => present.has(path));
  expect({ said, kept }).toEqual({ said, kept: [] });
  if (!nestedThere) expect({ said, gone: gone.filter(isNested) }).toEqual({ said, gone: [] });
  // A service that lost all that it had keeps its copy until somebody says that this is meant; one of which a restore was cut in any case.
  for (const service of services) {
    const own = (tree: Snapshot): string[] => [...tree.keys()].filter(path => path.startsWith(`${service}/`));
    const isMeant = told.includes(".") || told.includes(service);
    const isGone = own(before).length > 0 && own(present).length === 0;
    if ((isGone && !isMeant) || restoring.cut.has(service))
      expect({ said, left: own(after) }).toEqual({ said, left: own(before) });
  }
  if (restoring.cut.size > 0) expect({ said, status: finished.status }).not.toMatchObject({ status: 0 });
  // Whatever got another name, and wherever a run was cut: what the mirror has of what there is, it has afterwards.
  const isThere = contentsIn(present);
  const has = contentsIn(rotting.mended(after));
  const lost = [...contentsIn(rotting.mended(before))].filter(
    content => isThere.has(content) && !has.has(content),
  );
  expect({ said, lost }).toEqual({ said, lost: [] });
  for (const [path, found] of after) {
    const content = contentOf(found);
    if (content === undefined || isTemporary(path)) continue;
    const whole = [before, present].some(tree => [...tree.values()].some(one => contentOf(one) === content));
    expect({ said, path, whole }).toEqual({ said, path, whole: true });
  }
}

const contentsIn = (tree: Snapshot): Set<string> =>
  new Set(
    [...tree].flatMap(([path, entry]) => {
      const content = contentOf(entry);
      return content === undefined || isTemporary(path) ? [] : [content];
    }),
  );

const isNested = (path: string): boolean => path.startsWith(`${nestedFolder}/`);
/** rsync's own name for a file that it writes. */
const isTemporary = (path: string): boolean => /(^|\/)\.[^/]+\.\w{6}$/.test(path);

/** All that was wrong with a night is put right: then one run makes the trees equal. */
async function heal(): Promise<void> {
  await restoring.endAll();
  await mountNested(true);
  await fill(false);
  await tooLong(false);
  await rotting.throwAway();
  // The last run may have ended by a clock that was ahead: that costs one run.
  clock.aheadDays = 0;
  await night(run => run.finished);
  const { status, stdout } = await night(run => run.finished, ["--accept", "."]);
  expect({ status, stdout }).toMatchObject({ status: 0 });
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
