import { exitCodes, RunnerError } from "./errors";
import type { LastEnd } from "./run-state";
import { shell } from "./shell";

/** A zone or a day that was set wrong for a night costs nothing: no generation of another period is touched by it. */
const toleratedMs = 2 * 86_400_000;

/**
 * Whether a time that something happened at hasn't come yet: a clock that was ahead has written it, and when it was isn't
 * known. Taken for a time of the past, it would keep an alert of staleness silent until then.
 */
export function isAhead(ms: number, nowMs: number, byMoreThanMs = toleratedMs): boolean {
  return ms > nowMs + byMoreThanMs;
}

/**
 * Copies among which the newest is looked for: one that a clock which was ahead has dated isn't newer than all others until that day, and is
 * among them only where there is no other.
 */
export function withoutAhead<T>(
  copies: readonly T[],
  msOf: (copy: T) => number,
  nowMs = Date.now(),
): readonly T[] {
  const known = copies.filter(copy => !isAhead(msOf(copy), nowMs));
  return known.length > 0 ? known : copies;
}

/**
 * Names, ages and retention come from the host's clock: a run whose clock is behind the end of the last one does nothing.
 * Its own end is recorded by that clock, so that a clock that was ahead and is right again costs one run.
 * @throws {RunnerError}
 */
export function refuseClockThatWentBack(last: LastEnd | undefined, now: Date, job: string): void {
  if (last === undefined || !isAhead(Date.parse(last.endedAt), now.getTime())) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `this host's clock went back: it says ${now.toISOString()}, and the last run ended at ${last.endedAt}`,
    kept: "This run changed nothing.",
    next: shell`timedatectl; chronyc tracking   (set it right, then: systemctl start ${job})`,
  });
}
