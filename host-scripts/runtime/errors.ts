/** How a run can end, as its exit code and as the value of its status metric. */
export const exitCodes = {
  ok: 0,
  /** Something went wrong on the way; what was done is kept, nothing was deleted that shouldn't be. */
  failed: 1,
  /** Wrong arguments or config. */
  usage: 2,
  /** A guard said no before anything was changed. */
  refused: 3,
  /** Another run holds the lock (EX_TEMPFAIL of sysexits.h). */
  lockHeld: 75,
  /** The run's own budget was used up (the code of timeout(1)). */
  budget: 124,
  /** Stopped by a signal: 128 and its number, as a shell has it. */
  signal: 128,
} as const;

/** What an operator reads of a failure, in this order. Sentences without a final line break. */
export interface Failure {
  /** Subject, fact, numbers. */
  readonly failed: string;
  /** What is safe. */
  readonly kept: string;
  /** One step that can be pasted. */
  readonly next: string;
}

/** A run's end that is not a success. */
export class RunnerError extends Error implements Failure {
  readonly failed: string;
  readonly kept: string;
  readonly next: string;

  constructor(
    readonly exitCode: number,
    failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.failed, options);
    this.name = "RunnerError";
    this.failed = failure.failed;
    this.kept = failure.kept;
    this.next = failure.next;
  }
}

/** A guard's no. Nothing was changed. */
export class Refusal extends RunnerError {
  constructor(failed: string, next: string, kept = "Nothing was changed.") {
    super(exitCodes.refused, { failed, kept, next });
    this.name = "Refusal";
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @returns code of a failed system call, e.g. "ENOENT"; undefined for any other error */
export function errnoOf(error: unknown): string | undefined {
  // By its shape: a test's Error is another one than that of Node's own modules.
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** @returns the file that a failed system call was about, where it says so */
export function pathOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("path" in error)) return undefined;
  return typeof error.path === "string" ? error.path : undefined;
}
