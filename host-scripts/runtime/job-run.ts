import { join } from "node:path";
import type { Counted, Metric } from "../../plan/contracts/metric";
import type { RunnerConfig } from "../../plan/contracts/runner";
import { refuseClockThatWentBack } from "./clock";
import { asRunnerError } from "./entry";
import type { RunnerError } from "./errors";
import type { Lock } from "./lock";
import type { Log } from "./log";
import { type Phase, runPhases } from "./phases";
import { reportEnd, type Reporter, tell } from "./report";
import { Stop } from "./stop";

/** What every run of a job has; a layer adds what its phases fill. */
export interface JobRun<Config extends RunnerConfig = RunnerConfig> {
  readonly config: Config;
  readonly dryRun: boolean;
  readonly log: Log;
  readonly stop: Stop;
  /** What an operator should know of a run that succeeded. */
  readonly notes: string[];
  /** How much of it went into what is done for as long as there is time. */
  restMs?: number;
  /** A run that looks at everything, as one does now and then: it takes longer than those between. */
  isRare?: boolean;
  /** Set by the phase `lock`. */
  lock?: Lock;
}

/** What a run tells of itself, whether it succeeded or not. `Name` is each of the metrics that its job counts. */
export interface Summary<Run, Name extends string> {
  /** By the metric's name; undefined for what the run didn't come to count. */
  values(run: Run): Readonly<Record<Name, number | undefined>>;
  /** Fields of the result for a program. */
  figures(run: Run): object;
  /** One line about a success. */
  done(run: Run, seconds: string): string;
}

/** File that is locked by a run of a job. */
export function lockFile({ stateDir }: RunnerConfig): string {
  return join(stateDir, "run.lock");
}

/**
 * Runs the phases and reports how that ended.
 * @param finish what is done after them, however they ended
 * @returns the exit code
 */
export async function runAndReport<Run extends JobRun, Metrics extends readonly Metric[]>(
  run: Run,
  phases: readonly Phase<Run>[],
  reporter: Reporter<Metrics>,
  summary: Summary<Run, Counted<Metrics>>,
  finish?: (run: Run, stop: AbortSignal) => Promise<void>,
): Promise<number> {
  const { log, stop, config } = run;
  const { job } = config;
  const startedAt = new Date();
  const startMs = performance.now();
  const quiet = stop.listen(config.budgetMs);
  // Before it has the lock, the state file is another run's.
  const enter = (phase: string): void => {
    if (run.lock) reporter.state.enter(phase, startedAt, reporter.invocation);
  };
  let error: RunnerError | undefined;
  try {
    refuseClockThatWentBack(reporter.state.readEnd(), startedAt, job);
    await runPhases(phases, run, { stop, log, enter });
    log.info(summary.done(run, ((performance.now() - startMs) / 1000).toFixed(1)));
    for (const note of run.notes) log.info(`Note: ${note}`);
    enter("report");
  } catch (fault) {
    error = asRunnerError(fault, job);
  }
  quiet();
  // The report has a stop of its own: a run that was stopped is reported all the same, and a second signal ends the wait.
  const hurry = new Stop(job, log);
  const quietReport = hurry.listen();
  try {
    await finish?.(run, hurry.signal);
  } catch (fault) {
    error ??= asRunnerError(fault, job);
  }
  const values = {
    ...summary.values(run),
    ...tookOf(run, performance.now() - startMs, reporter.metrics),
  };
  const status = await reportEnd(reporter, {
    values,
    error,
    mine: run.lock !== undefined,
    stop: hurry.signal,
  });
  quietReport();
  run.lock?.release();
  const failure = error && { failed: error.failed, kept: error.kept, next: error.next };
  const durationMs = Math.round(performance.now() - startMs);
  log.result({ job, status, durationMs, ...summary.figures(run), notes: run.notes, ...failure });
  return status;
}

/**
 * Does what a run does for as long as there is time: it would fill any budget, so it says nothing of whether that is enough for the
 * rest, and counts in no metric of how long the run took.
 */
export async function inRestOfTime<Result>(
  run: Pick<JobRun, "restMs">,
  act: () => Promise<Result>,
): Promise<Result> {
  const startMs = performance.now();
  try {
    return await act();
  } finally {
    run.restMs = (run.restMs ?? 0) + performance.now() - startMs;
  }
}

/** Of a rare run nothing: the metric stays as the last usual one has left it. */
function tookOf(
  { restMs = 0, isRare }: JobRun,
  tookMs: number,
  metrics: readonly Metric[],
): Record<string, number> {
  const took = metrics.find(({ meaning }) => meaning === "duration");
  return took && !isRare ? { [took.name]: Math.round((tookMs - restMs) / 1000) } : {};
}

/**
 * Runs the phases of what somebody asked for and waits for: it tells them how it ended, and monitoring nothing, as it says nothing of
 * all that a run is to do. @returns the exit code
 */
export async function runApart<Run extends JobRun>(
  run: Run,
  phases: readonly Phase<Run>[],
  summary: Pick<Summary<Run, never>, "figures" | "done">,
): Promise<number> {
  const { log, stop, config, notes } = run;
  const startMs = performance.now();
  const quiet = stop.listen(config.budgetMs);
  let error: RunnerError | undefined;
  try {
    await runPhases(phases, run, { stop, log, enter: () => undefined });
    log.info(summary.done(run, ((performance.now() - startMs) / 1000).toFixed(1)));
  } catch (fault) {
    error = asRunnerError(fault, config.job);
  }
  quiet();
  run.lock?.release();
  for (const note of notes) log.info(`Note: ${note}`);
  if (error) tell(log, error);
  const status = error?.exitCode ?? 0;
  const failure = error && { failed: error.failed, kept: error.kept, next: error.next };
  log.result({ job: config.job, status, ...summary.figures(run), notes, ...failure });
  return status;
}

/** Runs phases that are nobody's success or failure, such as a dry run: nothing is reported. */
export async function preview<Run extends JobRun>(
  run: Run,
  phases: readonly Phase<Run>[],
  summary: Pick<Summary<Run, never>, "figures">,
): Promise<number> {
  const quiet = run.stop.listen(run.config.budgetMs);
  try {
    await runPhases(phases, run, { ...run, enter: () => undefined });
    for (const note of run.notes) run.log.info(`Note: ${note}`);
    run.log.result({
      job: run.config.job,
      status: 0,
      dryRun: run.dryRun,
      ...summary.figures(run),
      notes: run.notes,
    });
    return 0;
  } finally {
    quiet();
  }
}
