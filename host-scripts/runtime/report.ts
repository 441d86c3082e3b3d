import { join } from "node:path";
import { exitCodes, messageOf, RunnerError } from "./errors";
import type { Log } from "./log";
import { type MetricNames, recordEnd, TextfileNotWritten } from "./metrics";
import { type Pushgateway, push } from "./push";
import type { RunState } from "./run-state";

/** Where a job's ends are reported to. */
export interface Reporter {
  readonly job: string;
  readonly host: string;
  readonly stateDir: string;
  readonly textfile: string;
  readonly pushgateway: Pushgateway;
  readonly names: MetricNames;
  readonly invocation: string;
  readonly state: RunState;
  readonly log: Log;
}

export interface Ending {
  readonly bytes: number;
  /** Undefined for a success. */
  readonly error: RunnerError | undefined;
  /** The run held the job's lock. */
  readonly mine: boolean;
  /** Gives up waiting for the Pushgateway; the metrics are kept. */
  readonly stop?: AbortSignal;
}

/** Makes an end durable, then pushes it. @returns the exit code */
export async function reportEnd(reporter: Reporter, ending: Ending): Promise<number> {
  const { state, log } = reporter;
  const now = new Date();
  let error = ending.error;
  let text: string;
  try {
    text = await record(reporter, now, ending, error);
  } catch (cause) {
    // A success that can't be kept would be forgotten by the next end: it doesn't count as one.
    error ??= new RunnerError(exitCodes.failed, {
      failed: messageOf(cause),
      kept: "All was copied.",
      next: `df -h ${reporter.textfile} ${reporter.stateDir}; ls -ld ${reporter.textfile}`,
    });
    log.error(messageOf(cause));
    text = cause instanceof TextfileNotWritten ? cause.text : "";
  }
  const status = error?.exitCode ?? exitCodes.ok;
  const end = {
    endedAt: now.toISOString(),
    invocation: reporter.invocation,
    status,
    ...(error && { failed: error.failed }),
  };
  keep(reporter, { ...end, pushed: false }, ending.mine);
  if (error) tell(log, error);
  if (await pushKept(reporter, text, ending.stop)) keep(reporter, { ...end, pushed: true }, ending.mine);
  return status;

  function keep(to: Reporter, last: Parameters<RunState["end"]>[0], mine: boolean): void {
    try {
      state.end(last, mine);
    } catch (cause) {
      to.log.error(`the end can't be kept in "${to.stateDir}": ${messageOf(cause)}`);
    }
  }
}

function record(
  reporter: Reporter,
  now: Date,
  ending: Ending,
  error: RunnerError | undefined,
): Promise<string> {
  const { textfile, stateDir, names } = reporter;
  const end = {
    status: error?.exitCode ?? exitCodes.ok,
    at: Math.floor(now.getTime() / 1000),
    bytes: ending.bytes,
  };
  return recordEnd(textfile, join(stateDir, "metrics.lock"), names, end);
}

/** @returns whether the Pushgateway has the metrics now */
export async function pushKept(reporter: Reporter, text: string, stop?: AbortSignal): Promise<boolean> {
  const { pushgateway, job, host, log, textfile } = reporter;
  if (text === "") return false;
  const fault = await push(pushgateway, { job, instance: host }, text, stop);
  if (fault === undefined) return true;
  log.warn(
    `the Pushgateway has not got this run's metrics (${fault}). They are kept in "${textfile}", and the next end sends them`,
  );
  return false;
}

function tell(log: Log, error: RunnerError): void {
  log.error(error.failed);
  log.error(`Kept: ${error.kept}`);
  log.error(`Next: ${error.next}`);
}
