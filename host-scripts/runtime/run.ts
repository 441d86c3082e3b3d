import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./errors";
import { Tail } from "./tail";

export interface RunOptions {
  /** The command is stopped then. */
  readonly timeoutMs: number;
  /** Stops the command at once. */
  readonly stop?: AbortSignal;
  readonly cwd?: string;
  /** Added to the runner's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor that the command reads as its stdin; by default there is nothing to read. */
  readonly stdin?: number;
  /** The same, as bytes. */
  readonly input?: Buffer;
  /** File descriptors that the command inherits as 3, 4, ... */
  readonly inherit?: readonly number[];
  /** Gets stdout as it comes; without it, stdout is kept as text. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Gets stderr as it comes, beside what is kept of it. */
  readonly onStderr?: (chunk: Buffer) => void;
}

export interface RunResult {
  readonly ended: "exited" | "signalled" | "timed-out" | "stopped";
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Empty when `onStdout` took it. */
  readonly stdout: string;
  /** First and last lines of stderr. */
  readonly stderr: string;
}

/** The program is not on PATH, or may not be executed. */
export class CommandMissing extends Error {
  constructor(
    readonly program: string,
    readonly errno: string,
  ) {
    super(`${program} can't be started: ${errno}`);
    this.name = "CommandMissing";
  }
}

/** Variable in the environment of each command of a runner, by which a later run knows what a killed one left. */
export const runnerMark = "HOLDFAST_RUNNER";

/** Between SIGTERM and SIGKILL: rsync removes its temporary files in this time. */
const graceMs = 10_000;

/**
 * Runs a command as the leader of a process group of its own, without a shell. At its end, and at its time-out, the
 * whole group is gone. Doesn't judge the exit code: what a code means is each tool's own table.
 * @throws {CommandMissing}
 * @throws what `onStdout` threw, after the command was stopped
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    // A group of its own; a plain kill of the child leaves grandchildren alive.
    detached: true,
    stdio: [options.input ? "pipe" : (options.stdin ?? "ignore"), "pipe", "pipe", ...(options.inherit ?? [])],
    env: { ...process.env, [runnerMark]: "1", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // Whether the command read it all is its exit code's to tell.
  child.stdin?.on("error", () => undefined).end(options.input);
  let fault: { readonly error: unknown } | undefined;
  const onStdout = options.onStdout;
  const output = collect(
    child,
    onStdout &&
      (chunk => {
        if (fault) return;
        try {
          onStdout(chunk);
        } catch (error) {
          fault = { error };
          cutShort("stopped");
        }
      }),
    options.onStderr,
  );
  let cut: "timed-out" | "stopped" | undefined;
  let kill: NodeJS.Timeout | undefined;
  const cutShort = (why: "timed-out" | "stopped"): void => {
    if (cut) return;
    cut = why;
    signalGroup(child, "SIGTERM");
    kill = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  };
  const timer = setTimeout(() => cutShort("timed-out"), options.timeoutMs);
  const onStop = (): void => cutShort("stopped");
  options.stop?.addEventListener("abort", onStop);
  if (options.stop?.aborted) onStop();
  try {
    const { code, signal } = await ended(child, program);
    await endGroup(child);
    if (fault) throw fault.error;
    const base = { exitCode: code ?? undefined, signal: signal ?? undefined, ...output() };
    return { ...base, ended: cut ?? (signal === null ? "exited" : "signalled") };
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    options.stop?.removeEventListener("abort", onStop);
  }
}

function collect(
  child: ChildProcess,
  onStdout: RunOptions["onStdout"],
  onStderr: RunOptions["onStderr"],
): () => { stdout: string; stderr: string } {
  const chunks: Buffer[] = [];
  const errors = new Tail();
  child.stdout?.on("data", onStdout ?? ((chunk: Buffer) => void chunks.push(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => {
    errors.add(chunk);
    onStderr?.(chunk);
  });
  return () => ({ stdout: Buffer.concat(chunks).toString(), stderr: errors.text() });
}

function ended(
  child: ChildProcess,
  program: string,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", error => reject(new CommandMissing(program, errnoOf(error) ?? error.message)));
    // A member of the group that outlives its leader would keep the pipes open, and "close" away.
    child.on("exit", () => signalGroup(child, "SIGTERM"));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

/**
 * Waits until no member of the group is left, so that what follows doesn't race with it. Gives up at last: a dead
 * member that its new parent doesn't reap counts as one.
 */
async function endGroup(child: ChildProcess): Promise<void> {
  for (let waited = 0; signalGroup(child, 0) && waited < 2 * graceMs; waited += 20) {
    if (waited >= graceMs) signalGroup(child, "SIGKILL");
    await sleep(20);
  }
}

/** @returns false when the group has no member any more */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}
