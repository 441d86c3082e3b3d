import { exitCodes, RunnerError } from "./errors";
import type { LastEnd } from "./run-state";
import { shell } from "./shell";

/** A zone or a day that was set wrong for a night costs nothing: no generation of another period is touched by it. */
export const toleratedMs = 2 * 86_400_000;

/**
 * Names, ages and retention come from the host's clock: a run whose clock is behind the end of the last one does nothing.
 * Its own end is recorded by that clock, so that a clock that was ahead and is right again costs one run.
 * @throws {RunnerError}
 */
export function refuseClockThatWentBack(last: LastEnd | undefined, now: Date, job: string): void {
  if (last === undefined || Date.parse(last.endedAt) - now.getTime() <= toleratedMs) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `this host's clock went back: it says ${now.toISOString()}, and the last run ended at ${last.endedAt}`,
    kept: "This run changed nothing.",
    next: shell`timedatectl; chronyc tracking   (set it right, then: systemctl start ${job})`,
  });
}
