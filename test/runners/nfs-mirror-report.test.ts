import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inTime } from "../long";
import { createWorld, metricsOf, type World } from "./support/world";

let world: World;
beforeEach(async () => {
  world = await createWorld();
  writeFileSync(`${world.source}/note`, "12345");
});
afterEach(() => world.close());

const lastEnd = (): unknown => JSON.parse(readFileSync(join(world.config.stateDir, "last-end.json"), "utf8"));

test("keeps a lost push in the textfile, and the next end sends it", async () => {
  world.pushes.answer = 500;
  const run = await world.start().finished;
  expect(run.status).toBe(0);
  expect(run.stdout).toContain("has not got this run's metrics");
  expect(world.pushes.received).toHaveLength(world.config.pushgateway.attempts);
  expect(lastEnd()).toMatchObject({ status: 0, pushed: false });
  const success = metricsOf(world)["last_success_timestamp"];

  // The next end is a failure, and carries the success that nobody has heard of.
  world.pushes.answer = 202;
  await world.inside("umount", world.config.target.path);
  expect(await world.start().finished).toMatchObject({ status: 3 });
  expect(world.pushes.received.at(-1)?.body).toContain(`nfs_mirror_last_success_timestamp ${success}\n`);
  expect(world.pushes.received.at(-1)?.body).toContain("nfs_mirror_last_status 3\n");
  expect(lastEnd()).toMatchObject({ status: 3, pushed: true });
});

test("--report-end sends a push that was lost, and changes no metric", async () => {
  world.pushes.answer = 503;
  await world.start([], { INVOCATION_ID: "night-1" }).finished;
  const text = readFileSync(world.config.textfile, "utf8");
  world.pushes.answer = 202;
  const service = {
    INVOCATION_ID: "night-1",
    SERVICE_RESULT: "success",
    EXIT_CODE: "exited",
    EXIT_STATUS: "0",
  };
  expect(await world.start(["--report-end"], service).finished).toMatchObject({ status: 0 });
  expect(world.pushes.received.at(-1)?.body).toBe(text);
  expect(lastEnd()).toMatchObject({ status: 0, pushed: true });
  const pushes = world.pushes.received.length;
  await world.start(["--report-end"], service).finished;
  expect(world.pushes.received).toHaveLength(pushes);
  expect(readFileSync(world.config.textfile, "utf8")).toBe(text);
});

test.each(inTime(1, ["SIGTERM", "SIGKILL"] as const))(
  "%s while it waits for a Pushgateway that never answers: the success is kept",
  async signal => {
    world.pushes.answer = "never";
    world.writeConfig({ pushgateway: { ...world.config.pushgateway, timeoutMs: 600_000 } });
    const run = world.start([], { INVOCATION_ID: "night-1" });
    await run.until(() => world.pushes.received.length > 0);
    run.kill(signal);
    const finished = await run.finished;
    expect(signal === "SIGTERM" ? finished.status : finished.signal).toBe(
      signal === "SIGTERM" ? 0 : "SIGKILL",
    );
    expect(metricsOf(world)).toMatchObject({ last_status: 0, bytes: 5 });
    world.pushes.answer = 202;
    await world.start(["--report-end"], {
      INVOCATION_ID: "night-1",
      SERVICE_RESULT: "timeout",
      EXIT_CODE: "killed",
      EXIT_STATUS: "KILL",
    }).finished;
    expect(world.pushes.received.at(-1)?.body).toContain("nfs_mirror_last_status 0\n");
    expect(lastEnd()).toMatchObject({ pushed: true });
  },
);

test("a failure before any success sets no success", async () => {
  await world.inside("umount", world.config.target.path);
  await world.start().finished;
  expect(Object.keys(metricsOf(world)).sort()).toEqual(["last_run_timestamp", "last_status"]);
});

test("a success that can't be kept on disk is not reported as one", async () => {
  mkdirSync(dirname(world.config.textfile), { recursive: true });
  mkdirSync(world.config.textfile);
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("metrics can't be written");
  const body = world.pushes.received.at(-1)?.body ?? "";
  expect(body).toContain("nfs_mirror_last_status 1\n");
  expect(body).not.toContain("last_success");
  rmSync(world.config.textfile, { recursive: true });
});

test("--report-end reports a run that could not even start", async () => {
  const service = {
    INVOCATION_ID: "night-1",
    SERVICE_RESULT: "exit-code",
    EXIT_CODE: "exited",
    EXIT_STATUS: "203",
  };
  await world.start(["--report-end"], service).finished;
  expect(metricsOf(world)).toMatchObject({ last_status: 203 });
  expect(metricsOf(world)).not.toHaveProperty("last_success_timestamp");
});

test.each(
  inTime(1, [
    ["a year", 31_536_000],
    ["30 hours", 108_000],
  ]),
)(
  "a success that a clock which was %s ahead has told is the past's again with the next one",
  async (_, aheadS) => {
    await world.start().finished;
    const { last_success_timestamp: now = 0 } = metricsOf(world);
    const text = readFileSync(world.config.textfile, "utf8");
    writeFileSync(
      world.config.textfile,
      text.replaceAll(/^(nfs_mirror_last_\w+_timestamp) \d+$/gm, `$1 ${now + aheadS}`),
    );
    expect(metricsOf(world)).toMatchObject({ last_success_timestamp: now + aheadS });
    await world.start().finished;
    const { last_success_timestamp, last_run_timestamp } = metricsOf(world);
    for (const told of [last_success_timestamp, last_run_timestamp]) expect(told).toBeLessThan(now + 3_600);
  },
);

test("a clock that went back is a failure with a cause, and nothing is changed by it", async () => {
  await world.start().finished;
  const file = join(world.config.stateDir, "last-end.json");
  const end = JSON.parse(readFileSync(file, "utf8")) as { endedAt: string };
  const later = new Date(Date.parse(end.endedAt) + 8 * 86_400_000).toISOString();
  writeFileSync(file, JSON.stringify({ ...end, endedAt: later }));
  writeFileSync(`${world.source}/note`, "written since");
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain(`this host's clock went back: it says`);
  expect(run.stdout).toContain(later);
  expect(readFileSync(`${world.target}/note`, "utf8")).toBe("12345");
  // The clock that was ahead is right again: that was told, and the nights go on.
  expect(await world.start().finished).toMatchObject({ status: 0 });
});
