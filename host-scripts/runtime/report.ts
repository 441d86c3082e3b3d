import { join } from "node:path";
import type { Metric } from "../../plan/contracts/metric";
import type { RunnerConfig } from "../../plan/contracts/runner";
import { exitCodes, messageOf, RunnerError } from "./errors";
import type { Log } from "./log";
import { recordEnd, TextfileNotWritten } from "./metrics";
import { push } from "./push";
import { RunState } from "./run-state";
import { shell } from "./shell";

/** Where a job's ends are reported to. */
export interface Reporter<Metrics extends readonly Metric[] = readonly Metric[]> {
  readonly config: RunnerConfig;
  readonly metrics: Metrics;
  /** systemd's $INVOCATION_ID; empty for a run by hand. */
  readonly invocation: string;
  readonly state: RunState;
  readonly log: Log;
}

export function reporterOf<Metrics extends readonly Metric[]>(
  config: RunnerConfig,
  metrics: Metrics,
  invocation: string,
  log: Log,
): Reporter<Metrics> {
  return { config, metrics, invocation, state: new RunState(config.stateDir), log };
}

export interface Ending {
  /** What the run counted, by the metric's name. */
  readonly values: Readonly<Record<string, number | undefined>>;
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
  const { textfile, stateDir } = reporter.config;
  const now = new Date();
  let error = ending.error;
  let text: string;
  try {
    text = await record(reporter, now, ending, error);
  } catch (cause) {
    // A success that can't be kept would be forgotten by the next end: it doesn't count as one.
    error ??= new RunnerError(exitCodes.failed, {
      failed: messageOf(cause),
      kept: "All was done.",
      next: shell`df -h ${textfile} ${stateDir}; ls -ld ${textfile}`,
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
      to.log.error(`the end can't be kept in "${to.config.stateDir}": ${messageOf(cause)}`);
    }
  }
}

function record(
  reporter: Reporter,
  now: Date,
  ending: Ending,
  error: RunnerError | undefined,
): Promise<string> {
  const { textfile, stateDir } = reporter.config;
  const end = {
    status: error?.exitCode ?? exitCodes.ok,
    at: Math.floor(now.getTime() / 1000),
    values: ending.values,
  };
  return recordEnd(textfile, join(stateDir, "metrics.lock"), reporter.metrics, end);
}

/** @returns whether the Pushgateway has the metrics now */
export async function pushKept(reporter: Reporter, text: string, stop?: AbortSignal): Promise<boolean> {
  const { log } = reporter;
  const { pushgateway, job, metricsJob = job, host, textfile } = reporter.config;
  if (text === "") return false;
  const fault = await push(pushgateway, { job: metricsJob, instance: host }, text, stop);
  if (fault === undefined) return true;
  log.warn(
    `the Pushgateway has not got this run's metrics (${fault}). They are kept in "${textfile}", and the next end sends them`,
  );
  return false;
}

/** What failed, what is safe, what to type next. */
export function tell(log: Log, error: RunnerError): void {
  log.error(error.failed);
  log.error(`Kept: ${error.kept}`);
  log.error(`Next: ${error.next}`);
}
