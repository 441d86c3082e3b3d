import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../lab/cache";
import { startTicksOf } from "../../lab/process";

// A lab of its own, beside the one that other tests use.
const state = mkdtempSync(join(tmpdir(), "holdfast-lab-"));

afterAll(async () => {
  await lab("down");
  rmSync(state, { recursive: true });
});

test("down ends what runs in the lab's network without a record, and a second down finds nothing to do", async () => {
  const started = await run(
    "lab/run-inside.ts",
    "--",
    "sh",
    "-c",
    "setsid sleep 300 >/dev/null 2>&1 & echo $!",
  );
  const pid = Number(started.stdout);
  expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("300");
  expect(await lab("down")).toMatchObject({ exitCode: 0 });
  expect(startTicksOf(pid)).toBeUndefined();
  expect(existsSync(join(state, "lab"))).toBe(false);
  const again = await lab("down");
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.stderr).toContain("down already");
});

test("status of a lab that is down ends with 3, and its JSON says so", async () => {
  const { exitCode, stdout } = await lab("status", "--json");
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ up: false, facts: null });
});

test.each([
  ["ssh to a host that there isn't", ["ssh", "nope"], 2, "Allowed choices are pve, pve2, nas"],
  [
    "a switch that there isn't",
    ["nas", "nope"],
    2,
    "Allowed choices are stall, drop, refuse, fill, lie, heal",
  ],
  ["ssh to a host that is off", ["ssh", "pve"], 1, "npm run lab -- up"],
  ["a log that was never written", ["logs", "pve"], 1, "npm run lab -- up"],
])("%s: one clear sentence and its exit code", async (_, words, code, sentence) => {
  const { exitCode, stderr } = await lab(...words);
  expect(exitCode).toBe(code);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toContain("    at ");
});

test("a state folder that is no absolute path is refused", async () => {
  const refused = await execa("node", ["cli/run.mjs", "lab/main.ts", "status"], {
    ...{ cwd: projectRoot, reject: false, env: { HOLDFAST_STATE: "labs/second" } },
  });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('HOLDFAST_STATE is "labs/second", expected an absolute path');
  expect(refused.stderr).not.toContain("    at ");
});

type Ended = { readonly exitCode?: number | undefined; readonly stdout: string; readonly stderr: string };

function lab(...words: readonly string[]): Promise<Ended> {
  return run("lab/main.ts", ...words);
}

function run(entry: string, ...words: readonly string[]): Promise<Ended> {
  const options = { cwd: projectRoot, reject: false, env: { HOLDFAST_STATE: state } };
  return execa("node", ["cli/run.mjs", entry, ...words], options);
}
