import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./errors";
import { sizeText } from "./size-text";
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
  /** Gets stdout as it comes; without it, stdout is kept as text, and one without end ends the command. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Gets stderr as it comes, beside what is kept of it. */
  readonly onStderr?: (chunk: Buffer) => void;
  /** Called once the command itself has ended: whoever else has its pipes may hold them for longer, which is waited for. */
  readonly onExit?: (exitCode: number | null) => void;
}

/** Paths by which a program opens the files that it inherits, in their order. A name may be none that an argument can hold. */
export const inherited = ["/proc/self/fd/3", "/proc/self/fd/4"] as const;

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

/** What no answer of a program comes near, and what the far side of a connection may send, or have said of a crafted file system. */
const mostKept = 64 * 1024 * 1024;

/**
 * Says of a command that is a row of programs, each of which starts the next in its place, that one of them couldn't: as util-linux
 * says it, with the exit codes that a shell has for it.
 * @throws {CommandMissing}
 */
export function refuseMissing({ exitCode, stderr }: Pick<RunResult, "exitCode" | "stderr">): void {
  const [, program, why] = /^(?:unshare|prlimit|setpriv): failed to execute (.+): (.+)$/m.exec(stderr) ?? [];
  if (program !== undefined && why !== undefined && (exitCode === 126 || exitCode === 127))
    throw new CommandMissing(program, why === "No such file or directory" ? "ENOENT" : why);
}

/** More was written than is kept. */
export class EndlessOutput extends Error {
  readonly code = "EFBIG";

  constructor(program: string) {
    super(`${program} was ended: it wrote more than ${sizeText(mostKept)}, which no answer of it has`);
    this.name = "EndlessOutput";
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
 * @throws {EndlessOutput}
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
  const kept = keepAll(program);
  const take = options.onStdout ?? kept.add;
  const errors = collect(
    child,
    chunk => {
      if (fault) return;
      try {
        take(chunk);
      } catch (error) {
        fault = { error };
        cutShort("stopped");
      }
    },
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
    const { code, signal } = await ended(child, program, options.onExit);
    await endGroup(child);
    if (fault) throw fault.error;
    const base = { exitCode: code ?? undefined, signal: signal ?? undefined };
    const output = { stdout: kept.text(), stderr: errors.text() };
    return { ...base, ...output, ended: cut ?? (signal === null ? "exited" : "signalled") };
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    options.stop?.removeEventListener("abort", onStop);
  }
}

function keepAll(program: string): { add(chunk: Buffer): void; text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      bytes += chunk.length;
      if (bytes > mostKept) throw new EndlessOutput(program);
      chunks.push(chunk);
    },
    text: () => Buffer.concat(chunks).toString(),
  };
}

/** @returns what is kept of stderr */
function collect(
  child: ChildProcess,
  onStdout: (chunk: Buffer) => void,
  onStderr: RunOptions["onStderr"],
): Tail {
  const errors = new Tail();
  child.stdout?.on("data", onStdout);
  child.stderr?.on("data", (chunk: Buffer) => {
    errors.add(chunk);
    onStderr?.(chunk);
  });
  return errors;
}

function ended(
  child: ChildProcess,
  program: string,
  onExit: RunOptions["onExit"],
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", error => reject(new CommandMissing(program, errnoOf(error) ?? error.message)));
    // A member of the group that outlives its leader would keep the pipes open, and "close" away.
    child.on("exit", code => {
      signalGroup(child, "SIGTERM");
      onExit?.(code);
    });
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
