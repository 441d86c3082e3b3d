import {
  type BigIntStats,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { exitCodes, RunnerError } from "./errors";
import { run, runnerMark } from "./run";
import { shell } from "./shell";

/** A held lock. The kernel releases it when the last process that has `fd` is gone, whatever ended it. */
export interface Lock {
  /** Commands that write inherit it: while one of them outlives a killed runner, no other run starts. */
  readonly fd: number;
  /** Processes of a killed earlier run that were ended to get the lock. */
  readonly leftovers: readonly number[];
  release(): void;
}

/** Another run holds the lock. */
export class LockHeld extends RunnerError {
  constructor(
    readonly path: string,
    readonly holders: readonly number[],
  ) {
    super(exitCodes.lockHeld, {
      failed: `another run holds the lock "${path}"${holders.length > 0 ? ` (process ${holders.join(", ")})` : ""}`,
      kept: "This run changed nothing; the other one goes on.",
      next:
        holders.length > 0 ? shell`ps -o pid,lstart,args -p ${holders.join(",")}` : shell`fuser -v ${path}`,
    });
    this.name = "LockHeld";
  }
}

/**
 * Takes the lock `path`, a file that is never removed. Node has no flock(2) of its own: flock(1) locks the open file
 * that it inherits, and the lock stays with this process when flock(1) has ended.
 * @param waitMs how long a lock that is held is waited for
 * @throws {LockHeld}
 */
export async function takeLock(path: string, waitMs = 0, stop?: AbortSignal): Promise<Lock> {
  mkdirSync(dirname(path), { recursive: true });
  // The job's state: nobody else's business, and nobody else may hold the lock.
  chmodSync(dirname(path), 0o700);
  const fd = openSync(path, "a");
  try {
    if (await flock(fd, waitMs, stop)) return held(fd, []);
    const leftovers = endLeftovers(path);
    // Unless a runner has it, the lock is free once the last leftover is gone: by itself a moment ago, or now, which takes
    // the kernel a moment.
    if (!holdersOf(path).some(isRunner) && (await flock(fd, 10_000, stop))) return held(fd, leftovers);
    throw new LockHeld(path, holdersOf(path));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Takes another job's lock for a moment, unless it is held: what a killed run of that job has left is that job's matter. */
export async function lockIfFree(path: string, stop: AbortSignal): Promise<Lock | undefined> {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, "a");
  const isFree = await flock(fd, 0, stop).catch(() => false);
  if (isFree) return held(fd, []);
  closeSync(fd);
  return undefined;
}

/**
 * Ends what a runner that was killed left behind: commands of a runner that hold its lock while no runner does. Whoever
 * else has the file open, or locked it to keep the job from running, is left alone.
 * @returns their ids
 */
export function endLeftovers(path: string): number[] {
  const holders = holdersOf(path);
  if (holders.some(isRunner)) return [];
  const leftovers = holders.filter(isOfRunner);
  for (const pid of leftovers) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  return leftovers;
}

function held(fd: number, leftovers: readonly number[]): Lock {
  return { fd, leftovers, release: () => closeSync(fd) };
}

async function flock(fd: number, waitMs: number, stop: AbortSignal | undefined): Promise<boolean> {
  const how = waitMs > 0 ? ["--timeout", String(waitMs / 1000)] : ["--nonblock"];
  const result = await run(["flock", ...how, "--conflict-exit-code", "75", "3"], {
    timeoutMs: waitMs + 10_000,
    inherit: [fd],
    ...(stop && { stop }),
  });
  if (result.exitCode !== 0 && result.exitCode !== 75)
    throw new Error(`flock ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim()}`);
  return result.exitCode === 0;
}

/** Processes, but for this one, that hold a lock on the file; by its inode, as a path may lead through a link. */
function holdersOf(path: string): number[] {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!file) return [];
  return readdirSync("/proc")
    .filter(entry => /^\d+$/.test(entry))
    .map(Number)
    .filter(pid => pid !== process.pid && hasLocked(pid, basename(path), file));
}

function hasLocked(pid: number, name: string, file: BigIntStats): boolean {
  const folder = `/proc/${pid}`;
  try {
    return readdirSync(join(folder, "fd")).some(fd => {
      if (basename(linkOf(join(folder, "fd", fd)) ?? "") !== name) return false;
      const open = statSync(join(folder, "fd", fd), { bigint: true });
      // Whoever inherited the open file has its lock; whoever opened it anew has none (proc_pid_fdinfo(5)).
      const isSame = open.ino === file.ino && open.dev === file.dev;
      return isSame && /^lock:.* FLOCK /m.test(readFileSync(join(folder, "fdinfo", fd), "utf8"));
    });
  } catch {
    return false;
  }
}

function isOfRunner(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${runnerMark}=1`);
  } catch {
    return false;
  }
}

function isRunner(pid: number): boolean {
  return basename(linkOf(`/proc/${pid}/exe`) ?? "").startsWith("node");
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
