import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endedSteps } from "../ends";
import { expectMirrored } from "./support/tree";
import { createWorld, metricsOf, type World } from "./support/world";
import { testLong } from "../long";

let world: World;
let lastSuccess: number | undefined;

beforeAll(async () => {
  world = await createWorld();
  mkdirSync(`${world.source}/app`);
  for (let index = 0; index < 50; index += 1)
    writeFileSync(`${world.source}/app/f${index}`, `content ${index}`);
  mkdirSync(`${world.source}/app/old`);
  for (let index = 0; index < 5; index += 1) writeFileSync(`${world.source}/app/old/f${index}`, "goes");
  await world.start().finished;
  lastSuccess = metricsOf(world)["last_success_timestamp"];
  rmSync(`${world.source}/app/old`, { recursive: true });
  writeFileSync(`${world.source}/big`, Buffer.alloc(8 * 1024 * 1024, 7));
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

const gateReached = (): boolean => existsSync(join(world.folder, "reached"));
const tempFiles = (): string[] => readdirSync(world.target).filter(name => name.startsWith(".big."));

/** Holds the first call of a program at its start, until it is killed or the gate is taken away. */
function gate(program: string, when = "*"): void {
  const reached = `${world.folder}/reached`;
  const hold = `touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done`;
  world.shadow(program, `case "$*" in ${when}) [ -e ${reached} ] || { ${hold}; };; esac; exec REAL "$@"`);
}

/** How each phase is held open until the signal comes. */
const phases = [
  { phase: "lock", hold: () => gate("flock"), there: gateReached },
  { phase: "verify", hold: () => gate("findmnt"), there: gateReached },
  { phase: "scan", hold: () => gate("rsync", "*--dry-run*"), there: gateReached },
  {
    phase: "copy",
    hold: () =>
      world.shadow(
        "rsync",
        'case "$*" in *--dry-run*) exec REAL "$@";; *) exec REAL --bwlimit=512 "$@";; esac',
      ),
    there: () => tempFiles().length > 0,
  },
];

function reportEnd(service: Record<string, string>) {
  return world.start(["--report-end"], { INVOCATION_ID: "night-2", ...service }).finished;
}

async function expectNextRunConverges(): Promise<string> {
  rmSync(join(world.folder, "bin"), { recursive: true });
  mkdirSync(join(world.folder, "bin"));
  const next = await world.start([], { INVOCATION_ID: "night-3" }).finished;
  expect(next.stdout).toContain("equals");
  expect(next.status).toBe(0);
  expect(tempFiles()).toEqual([]);
  await expectMirrored(world);
  expect(metricsOf(world)).toMatchObject({ last_status: 0 });
  return next.stdout;
}

function journal(): string[] {
  return readdirSync(join(world.config.stateDir, "journal"));
}

test.each(endedSteps(phases, 0, 4))(
  "kill -9 in phase $phase: --report-end reports it, the next run converges",
  async phase => {
    phase.hold();
    const run = world.start([], { INVOCATION_ID: "night-2" });
    await run.until(phase.there);
    run.kill("SIGKILL");
    expect(await run.finished).toMatchObject({ signal: "SIGKILL" });
    expect(metricsOf(world)).toMatchObject({ last_status: 0 });

    const pushes = world.pushes.received.length;
    const end = { SERVICE_RESULT: "signal", EXIT_CODE: "killed", EXIT_STATUS: "KILL" };
    expect(await reportEnd(end)).toMatchObject({ status: 0 });
    expect(metricsOf(world)).toMatchObject({ last_status: 137, last_success_timestamp: lastSuccess });
    expect(world.pushes.received).toHaveLength(pushes + 1);

    // A second ExecStopPost has nothing to say.
    const reported = readFileSync(world.config.textfile, "utf8");
    await reportEnd(end);
    expect(world.pushes.received).toHaveLength(pushes + 1);
    expect(readFileSync(world.config.textfile, "utf8")).toBe(reported);
    await expectNextRunConverges();
  },
);

test.each(endedSteps(phases, 3, 4))(
  "kill -9 in phase $phase without a report: the next run converges by itself",
  async phase => {
    phase.hold();
    const run = world.start();
    await run.until(phase.there);
    run.kill("SIGKILL");
    await run.finished;
    const next = await expectNextRunConverges();
    if (phase.phase !== "copy") return;
    expect(next).toContain("ended what a killed run had left");
    expect(journal()).toContain("000000000003.reconcile");
  },
);

test("kill -9 while the source's root is recorded: the next run records it", async () => {
  await world.inside("chmod", "0751", world.config.source.path);
  gate("rsync", "*--omit-dir-times*");
  const run = world.start();
  await run.until(gateReached);
  run.kill("SIGKILL");
  await run.finished;
  await expectNextRunConverges();
  const record = `${world.target}/.holdfast/nfs-mirror/source-root`;
  expect(statSync(record).mode & 0o7777).toBe(0o751);
});

test("a leftover that ends by itself once the lock was found held: the run goes on", async () => {
  const lock = join(world.config.stateDir, "run.lock");
  const leftover = spawn("flock", [
    "--no-fork",
    lock,
    "sh",
    "-c",
    `touch ${world.folder}/held; exec sleep 60`,
  ]);
  while (!existsSync(`${world.folder}/held`)) await sleep(5);
  const goes = `kill ${leftover.pid}; while kill -0 ${leftover.pid}; do sleep 0.01; done`;
  world.shadow("flock", `REAL "$@"; code=$?; [ $code -ne 75 ] || { ${goes}; } 2>&-; exit $code`);
  expect(await world.start().finished).toMatchObject({ status: 0 });
  expect(leftover.signalCode).toBe("SIGTERM");
});

test.each(endedSteps(phases, 2, 4))(
  "SIGTERM in phase $phase: the runner reports it, the next run converges",
  async phase => {
    phase.hold();
    const run = world.start([], { INVOCATION_ID: "night-2" });
    await run.until(phase.there);
    run.kill("SIGTERM");
    const finished = await run.finished;
    expect(finished.stdout).toContain("stopped by SIGTERM in phase");
    expect(finished.status).toBe(143);
    expect(metricsOf(world)).toMatchObject({ last_status: 143, last_success_timestamp: lastSuccess });
    expect(world.pushes.received.at(-1)?.body).toContain("nfs_mirror_last_status 143\n");
    const reported = readFileSync(world.config.textfile, "utf8");
    await reportEnd({ SERVICE_RESULT: "timeout", EXIT_CODE: "exited", EXIT_STATUS: "143" });
    expect(readFileSync(world.config.textfile, "utf8")).toBe(reported);
    expect(tempFiles()).toEqual([]);
    await expectNextRunConverges();
  },
);

test.each(endedSteps(phases, 1, 4))(
  "the budget ends in phase $phase: reported as a failure, the next run converges",
  async phase => {
    phase.hold();
    world.writeConfig({ budgetMs: 1_000 });
    const run = world.start();
    const finished = await run.finished;
    expect(finished.stdout).toContain("its budget of 1 s is used up");
    expect(finished.status).toBe(124);
    expect(metricsOf(world)).toMatchObject({ last_status: 124, last_success_timestamp: lastSuccess });
    world.writeConfig({});
    await expectNextRunConverges();
  },
);

test("a segment that a killed run left open is handed over also on a night without a change", async () => {
  await world.start().finished;
  writeFileSync(join(world.config.stateDir, "journal", "000000000003.open"), "lost with the run");
  const next = await world.start(["--json"]).finished;
  expect(JSON.parse(next.stdout)).toMatchObject({ status: 0, toCopy: 0, toDelete: 0 });
  expect(journal()).toContain("000000000003.reconcile");
  expect(journal().filter(name => name.endsWith(".open"))).toEqual([]);
});

// Of the same kill in other phases the tests above tell.
testLong("kill -9 while it deletes: what is left goes with the next run", async () => {
  mkdirSync(`${world.source}/app/doomed`);
  for (let index = 0; index < 5_000; index += 1) writeFileSync(`${world.source}/app/doomed/f${index}`, "");
  // A service that loses most of its files would be kept.
  mkdirSync(`${world.source}/app/kept`);
  for (let index = 0; index < 1_500; index += 1) writeFileSync(`${world.source}/app/kept/f${index}`, "");
  world.writeConfig({ maxDeletions: { count: 10_000, percent: 100, bytesPercent: 100 } });
  await world.start().finished;
  rmSync(`${world.source}/app/doomed`, { recursive: true });
  const left = (): number =>
    existsSync(`${world.target}/app/doomed`) ? readdirSync(`${world.target}/app/doomed`).length : 0;
  const run = world.start();
  await run.until(() => left() < 5_000);
  run.kill("SIGKILL");
  await run.finished;
  await expectNextRunConverges();
  expect(existsSync(`${world.target}/app/doomed`)).toBe(false);
  expect(journal().some(name => name.endsWith(".reconcile"))).toBe(true);
});

test("two at once: the second is refused and leaves the first one's record alone", async () => {
  phases[3]?.hold();
  const first = world.start([], { INVOCATION_ID: "night-2" });
  await first.until(() => tempFiles().length > 0);
  const record = readFileSync(join(world.config.stateDir, "running.json"), "utf8");
  const second = await world.start([], { INVOCATION_ID: "by-hand" }).finished;
  expect(second.status).toBe(75);
  expect(second.stdout).toContain("another run holds the lock");
  expect(second.stdout).toContain(String(first.pid));
  expect(metricsOf(world)).toMatchObject({ last_status: 75, last_success_timestamp: lastSuccess });
  expect(readFileSync(join(world.config.stateDir, "running.json"), "utf8")).toBe(record);
  // The second one's ExecStopPost must not end the first one's rsync.
  await world.start(["--report-end"], {
    INVOCATION_ID: "by-hand",
    SERVICE_RESULT: "exit-code",
    EXIT_CODE: "exited",
    EXIT_STATUS: "75",
  }).finished;
  expect(tempFiles()).toHaveLength(1);
  first.kill("SIGTERM");
  expect(await first.finished).toMatchObject({ status: 143 });
  await expectNextRunConverges();
});

test("a disk that is unmounted after it was verified: the run ends on that disk, and nowhere else", async () => {
  const away = world.fromHost(`umount --lazy ${world.config.target.path}`);
  world.shadow("rsync", `case "$*" in *--dry-run*) ;; *) ${away};; esac; exec REAL "$@"`);
  const root = readdirSync("/").sort();
  expect(await world.start().finished).toMatchObject({ status: 0 });
  // rsync once took the name "/" that getcwd gives a detached mount for where it should write.
  expect(readdirSync("/").sort()).toEqual(root);
  expect(readdirSync(world.target)).toEqual([]);
  await world.mount("dst");
  expect(readdirSync(world.target)).toContain("big");
  await expectNextRunConverges();
});
