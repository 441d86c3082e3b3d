import { exitCodes, Refusal, RunnerError } from "../errors";
import { CommandMissing, run, type RunResult } from "../run";
import { firstLines } from "../tail";

/** Longest time that one command of LVM or device-mapper may take: on a busy host it waits for another one's lock. */
const commandMs = 120_000;
/** One that changes something is cut short only when it hangs for good. */
const changeMs = 600_000;

/** A command of LVM failed. */
export class LvmFailed extends RunnerError {
  constructor(
    readonly argv: readonly string[],
    readonly reason: string,
  ) {
    super(exitCodes.failed, {
      failed: `"${argv.join(" ")}" failed: ${reason}`,
      kept: "Volumes and earlier snapshots are as they were.",
      next: "lvs; dmesg --level err,warn | tail",
    });
    this.name = "LvmFailed";
  }
}

/** Runs a command of LVM, device-mapper or their tools that only reads. @throws {LvmFailed} @throws {Refusal} when it isn't installed */
export async function lvm(
  argv: readonly [string, ...string[]],
  stop: AbortSignal,
): Promise<{ readonly stdout: string }> {
  return succeeded(argv, await started(argv, commandMs, stop), commandMs);
}

/** What was asked for by such a command, for figures that are good to have. @returns undefined instead of a failure */
export async function ifReadable<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    return undefined;
  }
}

/**
 * Runs a command that changes a volume group. It is never cut short by the run's stop: an `lvcreate` that gets SIGKILL
 * between the kernel's new snapshot and LVM's own record of it leaves a pool in which every later change fails
 * ("Manual intervention may be required"); see `mendPool`. SIGTERM is harmless: LVM blocks it while it holds its lock.
 * @throws {LvmFailed} @throws {Refusal} when it isn't installed
 */
export async function lvmChange(argv: readonly [string, ...string[]]): Promise<{ readonly stdout: string }> {
  return succeeded(argv, await started(argv, changeMs), changeMs);
}

/** Like `lvmChange`, for a command whose failure may be the failure of some volumes only. */
export async function tryLvmChange(
  argv: readonly [string, ...string[]],
): Promise<{ readonly stdout: string; readonly failed: LvmFailed | undefined }> {
  const result = await started(argv, changeMs);
  try {
    return { ...succeeded(argv, result, changeMs), failed: undefined };
  } catch (error) {
    if (!(error instanceof LvmFailed)) throw error;
    return { stdout: result.stdout, failed: error };
  }
}

async function started(
  argv: readonly [string, ...string[]],
  timeoutMs: number,
  stop?: AbortSignal,
): Promise<RunResult> {
  try {
    return await run(argv, { timeoutMs, ...(stop && { stop }), env: { LC_ALL: "C" } });
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(
      `${error.program} can't be started: ${error.errno}`,
      "apt-get install lvm2 thin-provisioning-tools",
    );
  }
}

function succeeded(argv: readonly string[], result: RunResult, timeoutMs: number): { stdout: string } {
  if (result.ended === "exited" && result.exitCode === 0) return { stdout: result.stdout };
  const how =
    result.ended === "timed-out"
      ? `no end after ${timeoutMs / 1000} s`
      : `exit ${result.exitCode ?? result.signal}`;
  throw new LvmFailed(argv, `${how}: ${firstLines(result.stderr)}`);
}
