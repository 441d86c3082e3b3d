import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { isRunning, logFile, runningProcess, stopProcess } from "../process";
import type { Programs } from "./programs";
import { ensureServing, type Server } from "./server";

const name = `test-${randomUUID()}`;
const programs: Programs = {
  ...{
    etcd: "",
    apiServer: "",
    controllerManager: "",
    scheduler: "",
    kubelet: "",
    prometheus: "",
    promtool: "",
  },
  ...{ alertmanager: "", amtool: "", pushgateway: "", crds: [""] },
};

const server = (script: string, health: Server["health"]): Server<string> => ({
  name,
  url: "http://127.0.0.1:1",
  argv: () => ["sh", "-c", script],
  health,
});
const healthy: Server["health"] = () => Promise.resolve({ status: 200, body: "ok" });
const refusing: Server["health"] = () => Promise.reject(new Error("GET http://127.0.0.1:1: refused"));

afterEach(async () => {
  await stopProcess(name, 0);
  rmSync(logFile(name), { force: true });
});

test("gives the end of the log when a server ends at its start", async () => {
  const ends = server("echo 'bind: address already in use'; exit 1", refusing);
  await expect(ensureServing(ends, programs)).rejects.toThrow(
    new RegExp(
      `^${name} ended right after its start. The end of ".*${name}.log":\n  bind: address already in use$`,
    ),
  );
});

test("says what a server that runs but doesn't serve answers", async () => {
  const starting = server("echo warming up; exec sleep 300", () =>
    Promise.resolve({ status: 503, body: "not yet\n" }),
  );
  await expect(ensureServing(starting, programs, 300)).rejects.toThrow(
    /doesn't serve after 0.3 s: it answers with status 503: not yet. The end of ".*":\n {2}warming up/,
  );
});

test("reuses a server that runs, and starts it anew when its arguments changed", async () => {
  expect(await ensureServing(server("exec sleep 300", healthy), programs)).toBe(true);
  const first = runningProcess(name)?.pid;
  expect(await ensureServing(server("exec sleep 300", healthy), programs)).toBe(false);
  expect(runningProcess(name)?.pid).toBe(first);
  expect(await ensureServing(server("exec sleep 301", healthy), programs)).toBe(true);
  expect(isRunning(name)).toBe(true);
  expect(runningProcess(name)?.pid).not.toBe(first);
});
