import { constants } from "node:os";
import { exitCodes, RunnerError } from "./errors";
import type { Log } from "./log";
import { ready, shell } from "./shell";

/** Why a run was told to stop. */
export type StopReason =
  | { readonly kind: "signal"; readonly name: NodeJS.Signals }
  | { readonly kind: "budget"; readonly budgetMs: number };

/** Says "stop" to a run once, with a reason, and to every command that it has started. */
export class Stop {
  /**
   * @param job name of the job's unit
   * @param log who waits for the end reads there why it's coming
   * @param again the step that an operator types next, where no unit runs the job
   * @param kept what stands then
   */
  constructor(
    job: string,
    private readonly log: Pick<Log, "warn">,
    readonly again: string = shell`systemctl start ${job}`,
    readonly kept = "What was done so far is kept; the next run goes on from there.",
  ) {}

  private readonly controller = new AbortController();
  private reason: StopReason | undefined;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get stopped(): StopReason | undefined {
    return this.reason;
  }

  request(reason: StopReason): void {
    if (this.reason) return;
    this.reason = reason;
    this.log.warn(`${cause(reason)}: stopping; a change that must not be cut short ends first`);
    this.controller.abort();
  }

  /** @throws {RunnerError} once a stop was requested */
  check(phase: string): void {
    if (this.reason) throw stopError(this.reason, phase, this);
  }

  /**
   * Listens to the signals that end a service, and to the clock.
   * @param budgetMs undefined for what is bounded by itself
   * @returns how to stop listening
   */
  listen(budgetMs?: number): () => void {
    const names = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
    const handlers = names.map(name => {
      const handler = (): void => this.request({ kind: "signal", name });
      process.on(name, handler);
      return (): unknown => process.off(name, handler);
    });
    const timer =
      budgetMs === undefined
        ? undefined
        : setTimeout(() => this.request({ kind: "budget", budgetMs }), budgetMs);
    return () => {
      clearTimeout(timer);
      for (const off of handlers) off();
    };
  }
}

function cause(reason: StopReason): string {
  switch (reason.kind) {
    case "signal":
      return reason.name;
    case "budget":
      return `its budget of ${reason.budgetMs / 1000} s is used up`;
    default:
      return reason satisfies never;
  }
}

function stopError(
  reason: StopReason,
  phase: string,
  { again, kept }: { readonly again: string; readonly kept: string },
): RunnerError {
  switch (reason.kind) {
    case "signal":
      return new RunnerError(exitCodes.signal + constants.signals[reason.name], {
        failed: `stopped by ${cause(reason)} in phase ${phase}`,
        kept,
        next: again,
      });
    case "budget":
      return new RunnerError(exitCodes.budget, {
        failed: `stopped in phase ${phase}: ${cause(reason)}`,
        kept,
        next: shell`${ready(again)}   (if it is stopped again, raise the budget in the estate)`,
      });
    default:
      return reason satisfies never;
  }
}
