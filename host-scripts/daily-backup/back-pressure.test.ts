import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backPressure } from "./back-pressure";

const folder = mkdtempSync(join(tmpdir(), "holdfast-pressure-"));
const pressureFile = join(folder, "io");
afterAll(() => rmSync(folder, { recursive: true }));

let lines: string[];
const log = { info: (line: string): void => void lines.push(line) };
const never = new AbortController().signal;

/** As the kernel writes it. */
function busy(percent: number): void {
  writeFileSync(
    pressureFile,
    `some avg10=99.00 avg60=9.18 avg300=2.01 total=1\nfull avg10=${percent.toFixed(2)} avg60=7.91 avg300=1.7 total=1\n`,
  );
}

async function waitedMs(yieldToOthers: (stop: AbortSignal) => Promise<void>, stop = never): Promise<number> {
  lines = [];
  const startMs = performance.now();
  await yieldToOthers(stop);
  return performance.now() - startMs;
}

test("waits while the disks are busy, a while for each volume and no longer for all of them", async () => {
  const yieldToOthers = backPressure({ log, longestMs: 200, allMs: 300, pressureFile });
  busy(40);
  await waitedMs(yieldToOthers);
  expect(lines).toEqual([]);
  busy(40.1);
  expect(await waitedMs(yieldToOthers)).toBeGreaterThanOrEqual(199);
  expect(lines[0]).toContain("busy (40.1 % of the time everybody waits): makes room for up to 0.2 s");
  await waitedMs(yieldToOthers);
  expect(lines[0]).toContain("up to 0.1 s");
  await waitedMs(yieldToOthers);
  expect(lines).toEqual([]);
});

test("waits for nobody where the kernel doesn't tell", async () => {
  await waitedMs(backPressure({ log, longestMs: 5_000, allMs: 5_000, pressureFile: join(folder, "none") }));
  expect(lines).toEqual([]);
});

test("a stop ends the wait", async () => {
  busy(90);
  const stop = AbortSignal.timeout(20);
  await waitedMs(backPressure({ log, longestMs: 600_000, allMs: 600_000, pressureFile }), stop);
  expect(lines).toHaveLength(2);
});
