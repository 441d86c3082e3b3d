import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeadManConfig } from "../../plan/contracts/dead-man";
import { runnerOf } from "../../stacks/runner";
import { type Recorder, startRecorder } from "./support/recorder";
import { type FinishedRun, startRunner } from "./support/started-run";

const hourS = 3600;
const token = "/ping/5f0c3b1e";

let folder: string;
let bundle: string;
let receiver: Recorder;
const config = (): string => join(folder, "config.json");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-dead-man-"));
  mkdirSync(join(folder, "credentials"));
  [{ path: bundle }, receiver] = await Promise.all([runnerOf("dead-man"), startRecorder()]);
});
afterAll(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  receiver.answer = 200;
  (receiver.received as unknown[]).length = 0;
  address(`${receiver.url}${token}`);
  const job = (name: string): DeadManConfig["jobs"][number] => ({
    ...{ name, textfile: join(folder, `${name}.prom`) },
    ...{ status: `${name}_last_status`, lastSuccess: `${name}_last_success_timestamp` },
    staleAfterMs: 26 * hourS * 1000,
  });
  const written: DeadManConfig = {
    ...{ job: "dead-man", host: "pve", credentialsDir: join(folder, "credentials"), address: "pve-calls" },
    ...{ timeoutMs: 5_000, attempts: 2, jobs: [job("mirror"), job("dump")] },
    differsTextfile: join(folder, "differs.prom"),
  };
  rmSync(join(folder, "differs.prom"), { force: true });
  writeFileSync(config(), JSON.stringify(written));
  ended("mirror", 0, 20 * hourS);
  ended("dump", 0, 2 * hourS);
});

function address(text: string): void {
  writeFileSync(join(folder, "credentials", "pve-calls"), `${text}\n`, { mode: 0o600 });
}

/** @param agoS age of the last success */
function ended(job: string, status: number, agoS: number): void {
  const success = `${job}_last_success_timestamp ${Math.floor(Date.now() / 1000) - agoS}\n`;
  writeFileSync(join(folder, `${job}.prom`), `${job}_last_status ${status}\n${success}`);
}

async function run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<FinishedRun> {
  const argv = [process.execPath, bundle, "--config", config(), ...args];
  return startRunner(argv, { ...process.env, ...env }, folder).finished;
}

const calls = (): string[] => receiver.received.map(({ method, path }) => `${method} ${path}`);
const said = (): string | undefined => receiver.received.at(-1)?.body;

test("a host whose jobs keep their promises says so, by the address alone", async () => {
  const { status, stdout } = await run();
  expect(calls()).toEqual([`POST ${token}/start`, `POST ${token}`]);
  expect(said()).toBe("all 2 jobs of pve keep their promises");
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("told: all 2 jobs") });
});

test("a job that owes is told as a failure, though no cluster would be there to ask", async () => {
  ended("dump", 3, 2 * hourS);
  expect((await run()).status).toBe(0);
  expect(calls()).toEqual([`POST ${token}/start`, `POST ${token}/fail`]);
  expect(said()).toContain("1 of 2 jobs of pve owe\ndump failed (3), and last succeeded at 20");
});

test("what Prometheus or Alertmanager hasn't as it is declared is told here, as no alert of it may come", async () => {
  const differs = (kind: string, subject: string, value: number): string =>
    `effective_state_differs{kind="${kind}",subject="${subject}"} ${value}\n`;
  const told = async (...lines: string[]): Promise<readonly (string | undefined)[]> => {
    writeFileSync(join(folder, "differs.prom"), lines.join(""));
    expect((await run()).status).toBe(0);
    return [calls().at(-1), said()];
  };
  const others = [differs("unit", "dump.timer", 1), differs("rules", "holdfast-pve-mirror", 0)];
  const all = "all 2 jobs of pve keep their promises";
  expect(await told(...others)).toEqual([`POST ${token}`, all]);
  expect(await told(...others, differs("rules", "holdfast-pve-dump", 1))).toEqual([
    `POST ${token}/fail`,
    `${all}\nPrometheus hasn't holdfast-pve-dump as it is declared: its alerts may be told by nobody`,
  ]);
  expect(await told(differs("route", "monitoring/holdfast/infra", 1))).toEqual([
    `POST ${token}/fail`,
    `${all}\nAlertmanager hasn't monitoring/holdfast/infra as it is declared: its alerts may be told by nobody`,
  ]);
});

test("a receiver that refuses is tried again and told, and no output has its address", async () => {
  receiver.answer = 503;
  const { status, stdout, stderr } = await run();
  expect(calls()).toEqual([`POST ${token}/start`, `POST ${token}/start`]);
  expect(status).toBe(1);
  expect(stdout + stderr).toContain("start wasn't told after 2 attempts: HTTP status 503");
  expect(stdout + stderr).not.toContain(token);
});

test("a fault that is over in a moment costs no call", async () => {
  let begunMs: number | undefined;
  // Without a pause, both attempts meet it; how busy this machine is makes no difference to one with it.
  receiver.answer = () => {
    begunMs ??= Date.now();
    return Date.now() - begunMs < 1_000 ? 503 : 200;
  };
  expect((await run()).status).toBe(0);
  expect(calls()).toEqual([`POST ${token}/start`, `POST ${token}/start`, `POST ${token}`]);
});

test("what is no address is refused by its credential's name alone", async () => {
  address("hc-ping.example/5f0c3b1e");
  const { status, stdout, stderr } = await run();
  expect({ status, calls: calls() }).toEqual({ status: 3, calls: [] });
  expect(stdout + stderr).toContain('the credential "pve-calls" is no http(s) address');
  expect(stdout + stderr).not.toContain("5f0c3b1e");
});

test("a dry run and a check of the config call nobody", async () => {
  expect((await run(["--dry-run"])).status).toBe(0);
  expect((await run(["--check-config"])).status).toBe(0);
  expect((await run(["--unfinished"])).stdout).toBe("");
  expect(calls()).toEqual([]);
});

test.each([
  ["timeout", [`POST ${token}/fail`]],
  ["exit-code", []],
  ["success", []],
])("after its unit's end by %s, what it couldn't tell itself is told", async (result, expected) => {
  await run(["--report-end"], { SERVICE_RESULT: result });
  expect(calls()).toEqual(expected);
});
