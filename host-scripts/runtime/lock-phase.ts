import type { RunnerConfig } from "../../plan/contracts/runner";
import { type JobRun, lockFile } from "./job-run";
import { endLeftovers, type Lock, LockHeld, takeLock } from "./lock";
import type { Log } from "./log";
import type { Phase } from "./phases";

/** One run at a time; what a killed one left running is ended first. */
export const lock: Phase<JobRun> = {
  name: "lock",
  async run(run) {
    run.lock = await takeLock(lockFile(run.config), 0, run.stop.signal);
    const { leftovers } = run.lock;
    if (leftovers.length > 0)
      run.log.warn(`ended what a killed run had left: process ${leftovers.join(", ")}`);
  },
};

/**
 * Acts with the job's lock, and not at all where somebody has it: what a restore is at work with looks like what a killed run has left.
 */
export async function withFreeLock(config: RunnerConfig, act: () => void | Promise<void>): Promise<void> {
  let held: Lock;
  try {
    held = await takeLock(lockFile(config));
  } catch (error) {
    if (error instanceof LockHeld) return;
    throw error;
  }
  try {
    await act();
  } finally {
    held.release();
  }
}

/** Ends what a run that could not report its own end left running. @returns whether there was something */
export function endLeft(config: RunnerConfig, log: Log): boolean {
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) log.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
  return leftovers.length > 0;
}
