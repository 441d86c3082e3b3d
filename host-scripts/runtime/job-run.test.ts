import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobMetrics, tookMetric } from "../../plan/contracts/metric";
import { inRestOfTime, type JobRun, runAndReport } from "./job-run";
import { createLog } from "./log";
import { readTextfile } from "./metrics";
import { reporterOf } from "./report";
import { Stop } from "./stop";

const metrics = jobMetrics("copy", [tookMetric("copy")]);
let folder: string;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "job-run-"));
  nowMs = 0;
  jest.spyOn(performance, "now").mockImplementation(() => nowMs);
  jest.spyOn(process.stdout, "write").mockReturnValue(true);
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** A run that copies for ten seconds and then does something. @returns what its textfile says it took */
async function tookAfter(then: (run: JobRun) => Promise<void>): Promise<number | undefined> {
  const log = createLog("copy", { json: false, progress: false });
  const config = {
    ...{ job: "copy", host: "pve", budgetMs: 3_600_000, stateDir: folder },
    textfile: join(folder, "copy.prom"),
    // Nobody listens there.
    pushgateway: { url: "http://127.0.0.1:1", timeoutMs: 1000, attempts: 1 },
  };
  const run: JobRun = { config, log, dryRun: false, stop: new Stop("copy", log), notes: [] };
  const copy = {
    name: "copy",
    run: async () => {
      await Promise.resolve();
      nowMs += 10_000;
    },
  };
  const summary = { values: () => ({}), figures: () => ({}), done: () => "" };
  await runAndReport(run, [copy, { name: "then", run: then }], reporterOf(config, metrics, "", log), summary);
  return readTextfile(config.textfile).get("copy_duration_seconds");
}

const nothing = () => Promise.resolve();
const wait = (ms: number) => () => {
  nowMs += ms;
  return Promise.resolve();
};

test("a run that succeeded tells how long it took", async () => expect(await tookAfter(wait(5000))).toBe(15));

test("what it does for as long as there is time doesn't count, also where that is cut short", async () => {
  expect(await tookAfter(run => inRestOfTime(run, wait(3000)))).toBe(10);
  expect(
    await tookAfter(async run => {
      await inRestOfTime(run, wait(3000));
      await inRestOfTime(run, async () => {
        await wait(4000)();
        throw new Error("no more time");
      }).catch(nothing);
    }),
  ).toBe(10);
});

test("of a rare run and of a failure nothing is told, and what the last usual one took stays", async () => {
  await tookAfter(nothing);
  expect(
    await tookAfter(async run => {
      run.isRare = true;
      await wait(9000)();
    }),
  ).toBe(10);
  expect(
    await tookAfter(async () => {
      await wait(9000)();
      throw new Error("no");
    }),
  ).toBe(10);
});
