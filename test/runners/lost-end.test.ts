import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endLeftovers, takeLock } from "../../host-scripts/runtime/lock";
import { createLog } from "../../host-scripts/runtime/log";
import { reportLostEnd } from "../../host-scripts/runtime/lost-end";
import { reporterOf } from "../../host-scripts/runtime/report";
import { nfsMirrorMetrics } from "../../plan/contracts/nfs-mirror";

let folder: string;
let lock: string;
let started: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-lost-end-"));
  lock = join(folder, "state/run.lock");
  mkdirSync(join(folder, "state"));
  started = [];
});
afterEach(async () => {
  for (const child of started.filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  )) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A shell that says when its command is done, and then waits. */
async function shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", `${command}; echo there; exec sleep 60`], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  started.push(child);
  if (child.stdout) await once(child.stdout, "data");
  return child;
}

const ofRunner = { HOLDFAST_RUNNER: "1" };
const holding = (): string => `exec 9>>${lock}; flock 9`;

test("a command of a killed run is ended, also where the state folder is reached through a link", async () => {
  const left = await shell(holding(), ofRunner);
  symlinkSync(join(folder, "state"), join(folder, "link"));
  expect(endLeftovers(join(folder, "link/run.lock"))).toEqual([left.pid]);
  await once(left, "exit");
  (await takeLock(lock)).release();
});

test("whoever looks at the lock file is left alone, and doesn't hold it", async () => {
  const reader = await shell(`exec 9>>${lock}`, ofRunner);
  expect(endLeftovers(lock)).toEqual([]);
  expect(reader.signalCode).toBeNull();
  (await takeLock(lock)).release();
});

test("an operator who keeps the job from running is named, and left alone", async () => {
  const operator = await shell(holding());
  expect(endLeftovers(lock)).toEqual([]);
  await expect(takeLock(lock)).rejects.toMatchObject({ holders: [operator.pid] });
  expect(operator.signalCode).toBeNull();
});

test("an end is reported before what the run left is touched", async () => {
  const textfile = join(folder, "nfs-mirror.prom");
  const config = {
    ...{ job: "nfs-mirror", host: "pve", budgetMs: 600_000, stateDir: join(folder, "state"), textfile },
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
  };
  const log = createLog("test", { json: true, progress: false });
  const service = {
    ...{ INVOCATION_ID: "night", SERVICE_RESULT: "signal", EXIT_CODE: "killed", EXIT_STATUS: "KILL" },
  };
  let seen = "";
  await reportLostEnd(reporterOf(config, nfsMirrorMetrics, "night", log), service, async () => {
    seen = readFileSync(textfile, "utf8");
  });
  expect(seen).toContain("nfs_mirror_last_status 137\n");
});
