import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { endedSteps } from "../ends";
import { createScrubWorld, type ScrubWorld } from "./support/scrub-world";
import { differences, snapshot, type Snapshot } from "./support/tree";

let world: ScrubWorld;
let whole: Snapshot;

const generations = [
  "pvc-data/2026-21/ns/claim",
  "pvc-data/2026-22/ns/claim",
  "pvc-data/2026-23/ns/claim",
] as const;

/** A disk that was read once, and on which a file that two generations share has rotted; a third one has its content again. */
beforeAll(async () => {
  world = await createScrubWorld();
  const [first, second, third] = generations.map(path => `${world.disk}/${path}`);
  for (const folder of [first, second, third]) mkdirSync(folder ?? "", { recursive: true });
  writeFileSync(`${first}/shared`, "shared ".repeat(2_000));
  linkSync(`${first}/shared`, `${second}/shared`);
  writeFileSync(`${third}/again`, "shared ".repeat(2_000));
  for (const folder of [first, second, third]) utimesSync(folder ?? "", 1_600_000_000, 1_600_000_000.5);
  expect(await world.start().finished).toMatchObject({ status: 0 });
  whole = await look();
  await world.rot(`${generations[0]}/shared`);
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

const look = (): Promise<Snapshot> => snapshot(world, world.config.target.path, { without: [".holdfast"] });
const gateReached = (): boolean => existsSync(join(world.folder, "reached"));

/** Holds the first call of a program, before or after its work, until it is killed. */
function gate(program: string, when: "before" | "after", args = "*"): void {
  const reached = `${world.folder}/reached`;
  const hold = `[ -e ${reached} ] || { echo >${reached}; while [ -e "$0" ]; do sleep 0.05; done; }`;
  const matching = `case "$*" in ${args}) ${hold};; esac`;
  world.shadow(
    program,
    when === "before" ? `${matching}; exec REAL "$@"` : `REAL "$@"; code=$?; ${matching}; exit $code`,
  );
}

/** Where a run is held open, in the order in which it comes to them. */
const steps = [
  { step: "lock", hold: () => gate("flock", "before") },
  { step: "verify", hold: () => gate("findmnt", "before") },
  { step: "listing", hold: () => gate("sort", "before") },
  { step: "listed", hold: () => gate("sort", "after") },
  { step: "second look at what differs", hold: () => gate("dd", "after") },
  { step: "copy aside", hold: () => gate("cp", "after", "*--sparse*") },
  { step: "owner and times", hold: () => gate("cp", "after", "*--attributes-only*") },
  { step: "folders' times, before", hold: () => gate("touch", "before") },
  { step: "folders' times, after", hold: () => gate("touch", "after") },
];

/** Each name has one of both contents at any time, and a name is never missing. */
function expectNoHalf(): void {
  for (const folder of generations.slice(0, 2))
    expect(lstatSync(`${world.disk}/${folder}/shared`).size).toBe("shared ".length * 2_000);
  for (const folder of generations) expect(readdirSync(`${world.disk}/${folder}`)).toHaveLength(1);
}

async function expectNextRunMends(): Promise<void> {
  world.unshadow();
  expectNoHalf();
  const next = await world.start().finished;
  expect(next.stdout).toContain("rotten files were mended from good copies");
  expect(world.metrics()).toMatchObject({ rotten_files: 0 });
  expect(differences(whole, await look())).toEqual([]);
  expect(readdirSync(`${world.disk}/.holdfast/backup-scrub`)).toEqual([]);
  expect(await world.start().finished).toMatchObject({ status: 0 });
}

test.each(endedSteps(steps, 0, 3))("kill -9 at $step: the next run mends", async ({ hold }) => {
  hold();
  const run = world.start([], { INVOCATION_ID: "night-2" });
  await run.until(gateReached);
  run.kill("SIGKILL");
  await run.finished;
  const end = {
    SERVICE_RESULT: "signal",
    EXIT_CODE: "killed",
    EXIT_STATUS: "KILL",
    INVOCATION_ID: "night-2",
  };
  expect(await world.start(["--report-end"], end).finished).toMatchObject({ status: 0 });
  expect(world.metrics()).toMatchObject({ last_status: 137 });
  await expectNextRunMends();
});

test.each(endedSteps(steps, 1, 3))("SIGTERM at $step: the next run mends", async ({ hold }) => {
  hold();
  const run = world.start();
  await run.until(gateReached);
  run.kill("SIGTERM");
  expect(await run.finished).toMatchObject({ status: 143 });
  expect(world.metrics()).toMatchObject({ last_status: 143 });
  await expectNextRunMends();
});

test.each(endedSteps(steps, 2, 3))("the budget ends at $step: the next run mends", async ({ hold }) => {
  hold();
  world.writeConfig({ budgetMs: 10_000 });
  expect(await world.start().finished).toMatchObject({ status: 124 });
  world.writeConfig({});
  await expectNextRunMends();
});

test("kill -9 between two names of a file: the next run gives both the same inode", async () => {
  const [first, second] = generations.map(path => `${world.disk}/${path}`);
  const trash = `${world.disk}/pvc-data/.trash`;
  mkdirSync(trash);
  linkSync(`${first}/shared`, `${trash}/old`);
  gate("touch", "before");
  const run = world.start();
  await run.until(gateReached);
  run.kill("SIGKILL");
  await run.finished;
  world.unshadow();
  // As it was when only the first name had been changed.
  renameSync(`${trash}/old`, `${second}/shared`);
  expect(await world.start().finished).toMatchObject({ status: 1 });
  expect(lstatSync(`${first}/shared`).ino).toBe(lstatSync(`${second}/shared`).ino);
  expect(readFileSync(`${second}/shared`, "utf8")).toBe("shared ".repeat(2_000));
  for (const folder of [first, second]) expect(lstatSync(folder ?? "").mtimeMs).toBe(1_600_000_000_500);
  expect(await world.start().finished).toMatchObject({ status: 0 });
});

test("kill -9 once all names are changed leaves no further one, and the next run ends it though a folder is gone", async () => {
  const [first, second] = generations.map(path => `${world.disk}/${path}`);
  gate("touch", "before");
  const run = world.start();
  await run.until(gateReached);
  run.kill("SIGKILL");
  await run.finished;
  world.unshadow();
  expect(lstatSync(`${second}/shared`).nlink).toBe(2);
  rmSync(first ?? "", { recursive: true });
  const next = await world.start().finished;
  expect(next.stdout).toContain("holds again what was recorded");
  expect(next.stdout).not.toContain("ENOENT");
  expect(lstatSync(second ?? "").mtimeMs).toBe(1_600_000_000_500);
  expect(readdirSync(`${world.disk}/.holdfast/backup-scrub`)).toEqual([]);
});

/** Kills a pass while it reads a large file among many. */
async function killAtBig(): Promise<void> {
  writeFileSync(`${world.disk}/many/big`, Buffer.alloc(9 * 2 ** 20, "big"));
  gate("dd", "before");
  const run = world.start();
  await run.until(gateReached);
  run.kill("SIGKILL");
  await run.finished;
  world.unshadow();
}

test("a pass that is killed goes on where it was", async () => {
  mkdirSync(`${world.disk}/many`);
  for (let index = 0; index < 300; index += 1) writeFileSync(`${world.disk}/many/${index}`, String(index));
  await killAtBig();
  const { files } = JSON.parse((await world.start(["--json"]).finished).stdout) as { files: number };
  // The three of the claim, and what the killed run had not written down.
  expect(files).toBeLessThan(100);
  expect(files).toBeGreaterThanOrEqual(4);
});

test("a pass that was killed goes on with its list: what came since is on record from the next one on", async () => {
  mkdirSync(`${world.disk}/many`);
  await killAtBig();
  writeFileSync(`${world.disk}/many/late`, "came since ".repeat(2_000));
  const read = async (): Promise<number> =>
    (JSON.parse((await world.start(["--json"]).finished).stdout) as { recorded: number }).recorded;
  // The big one, which was listed; then the other one.
  expect(await read()).toBe(1);
  expect(await read()).toBe(1);
  await world.rot("many/late");
  expect((await world.start().finished).stdout).toContain('rotten: "many/late" of "many"');
});
