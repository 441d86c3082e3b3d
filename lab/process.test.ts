import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { isRunning, logFile, parseStat, runningProcess, startProcess, stopProcess, until } from "./process";

const name = `test-${randomUUID()}`;

afterEach(async () => {
  await stopProcess(name, 0);
  rmSync(logFile(name), { force: true });
});

test("reads a stat line whose program name holds a parenthesis and spaces", () => {
  const line = "4242 (a) b (c) S 1 77 77 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 2 3";
  expect(parseStat(line)).toEqual({ state: "S", parent: 1, session: 77, startTicks: "987654" });
});

test("starts, logs, and stops a process together with its children", async () => {
  await startProcess(name, ["sh", "-c", "trap '' TERM; sleep 300 & echo $! started; wait; wait"]);
  expect(isRunning(name)).toBe(true);
  const logged = await until(() => readFileSync(logFile(name), "utf8").includes("started"), 600_000);
  expect(logged).toBe(true);
  const child = Number.parseInt(readFileSync(logFile(name), "utf8"), 10);
  const before = runningProcess(name);
  await startProcess(name, ["sleep", "300"]);
  expect(runningProcess(name)).toEqual(before);
  await stopProcess(name, 100);
  expect(isRunning(name)).toBe(false);
  const gone = await until(() => {
    try {
      return readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z ");
    } catch {
      return true;
    }
  }, 600_000);
  expect(gone).toBe(true);
});

test("says so when the program does not exist", async () => {
  await expect(startProcess(name, ["/does/not/exist"])).rejects.toThrow("ENOENT");
  expect(isRunning(name)).toBe(false);
});
