import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface FinishedRun {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedRun {
  readonly pid: number;
  readonly finished: Promise<FinishedRun>;
  /** Lines so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once the state file names this phase. @throws {Error} when the run ends before */
  reaches(phase: string): Promise<void>;
  /** Resolves once `condition` holds. @throws {Error} when the run ends before */
  until(condition: () => boolean): Promise<void>;
}

export function startRunner(argv: readonly string[], env: NodeJS.ProcessEnv, stateDir: string): StartedRun {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  // Not "close": what a killed runner leaves behind may hold the pipes for longer. Twice, as its end may be heard with that of another
  // child, in a round that began before it wrote its last words: with one turn these were missing in 94 of 3,200 tries, with two in none.
  const finished = new Promise<FinishedRun>(resolve =>
    child.on("exit", (status, signal) =>
      setImmediate(() => setImmediate(() => resolve({ status, signal, ...text }))),
    ),
  );
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      if (hasEnded(child)) throw new Error(`the run ended too early: ${text.stdout}${text.stderr}`);
      await sleep(5);
    }
  };
  return {
    pid: child.pid ?? 0,
    finished,
    output: () => text.stdout + text.stderr,
    kill: signal => void child.kill(signal),
    reaches: phase => until(() => phaseOf(stateDir) === phase),
    until,
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function phaseOf(stateDir: string): string | undefined {
  const file = join(stateDir, "running.json");
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { phase: string }).phase;
  } catch {
    return undefined;
  }
}
