import type { z } from "zod";
import type { Counted, Metric } from "../../plan/contracts/metric";
import type { RunnerConfig } from "../../plan/contracts/runner";
import {
  type Accepts,
  type Only,
  parseRunnerArguments,
  type RunArguments,
  type RunnerArguments,
  runHelp,
} from "./arguments";
import { readConfig } from "./config";
import { startProgram } from "./entry";
import { exitCodes } from "./errors";
import { type JobRun, preview, runAndReport, runApart, type Summary } from "./job-run";
import { endLeft, lock, withFreeLock } from "./lock-phase";
import { createLog, type Log } from "./log";
import { reportLostEnd } from "./lost-end";
import { checkTarget, type ExpectedMount } from "./mounts";
import type { Phase } from "./phases";
import { reporterOf } from "./report";
import { serviceEnvironment } from "./service-environment";
import { Stop } from "./stop";
import { type Unfinished, unfinishedLines } from "./unfinished";
import { goWay, type Ways } from "./ways";

/** A runner's config; `target` is the backup disk that it fills, or a folder that whoever starts it has mounted. */
interface TargetConfig extends RunnerConfig {
  readonly target?: ExpectedMount | string;
}

/** A runner that makes copies; a run of it is reported, however it ends, and what else it is asked for is not. */
export interface Runner<
  Config extends TargetConfig,
  Run extends JobRun<Config>,
  Metrics extends readonly Metric[],
> {
  /** What its program is called. */
  readonly name: string;
  /** One sentence about the job, for its help. */
  readonly does: string;
  /** Left out where there is nothing to accept. */
  readonly accepts?: Accepts;
  /** Left out where a run is always of all. */
  readonly only?: Only;
  /** Words that come after those of its command line, where people can't type one. */
  readonly words?: readonly string[];
  /** What else an operator may ask of its copies; left out where it keeps none. */
  readonly ways?: Ways<Config>;
  /** Takes the place of the grammar that all others share: for one that had words of its own before there was that. */
  readonly grammar?: OwnGrammar<Config>;
  readonly contract: z.ZodType<Config>;
  /** A function where what they are called is said by the config. */
  readonly metrics: Metrics | ((config: Config) => Metrics);
  /** Adds to what every run has what this one's phases fill. */
  begin(run: JobRun<Config>, accepted: ReadonlySet<string>, only: readonly string[]): Run;
  /** What a release that doesn't know of it must not run beside; left out where nothing outlives a run. */
  unfinished?(config: Config): readonly Unfinished[];
  /** Comes with the lock: what an earlier run that ended early has left unsaid. */
  locked?(run: Run): void;
  /** What an operator types to have it run once more; left out where its unit is started. */
  again?(config: Config): string;
  /** What stands once a run was stopped; left out where the next one goes on with what this one had begun. */
  readonly keptWhenStopped?: string;
  /** In their order, after the one that takes the lock. */
  readonly phases: readonly Phase<Run>[];
  /** Those of them that a dry run has: none that writes. */
  readonly dryRun: readonly Phase<Run>[];
  readonly summary: Summary<Run, Counted<Metrics>>;
  /** Comes after the phases, however they ended. */
  finish?(run: Run, stop: AbortSignal): Promise<void>;
  /** Comes last after a run, and after what else was asked of its copies, however it ended. */
  leave?(config: Config, log: Log): Promise<void>;
  /**
   * Comes after the report of a run that could not report itself, and after what it had left running was ended.
   * @param hasLeft whether there was something that may still have written a moment ago
   * @param wasReported whether the run had reported its end itself
   */
  tidyUp?(config: Config, log: Log, hasLeft: boolean, wasReported: boolean): void | Promise<void>;
}

/** Words of a runner's own. */
export interface OwnGrammar<Config extends RunnerConfig> {
  readonly help: string;
  /** @returns undefined when help was asked for. @throws {RunnerError} on wrong usage */
  parse(argv: readonly string[]): OwnArguments<Config> | undefined;
}

export type OwnArguments<Config extends RunnerConfig> =
  | Pick<RunArguments, "config" | "mode">
  /** Something beside a run, which nobody is told of but who asked. */
  | { readonly config: string; readonly mode: "own"; act(config: Config, log: Log): Promise<number> };

/** Makes this process the runner: reads its arguments, does what they ask for, and ends with the run's exit code. */
export function startRunner<
  Config extends TargetConfig,
  Run extends JobRun<Config>,
  Metrics extends readonly Metric[],
>(runner: Runner<Config, Run, Metrics>): void {
  const argv = [...process.argv.slice(2), ...(runner.words ?? [])];
  // Who restores or verifies waits for it.
  const shown = runner.grammar ? ["--progress"] : ["--progress", "restore", "verify"];
  const progress = shown.some(word => argv.includes(word));
  const options = { json: argv.includes("--json"), progress };
  const log = createLog(runner.name, options);
  startProgram(runner.name, log, async () => {
    const { grammar } = runner;
    let args: RunnerArguments | OwnArguments<Config> | undefined;
    try {
      args = grammar ? grammar.parse(argv) : parseRunnerArguments(runner.name, argv, runner);
      if (!args) process.stdout.write(grammar ? grammar.help : runHelp(runner.name, runner.does, runner));
    } finally {
      // Who typed words that are none, or asked for help, leaves the same behind.
      const at = argv.indexOf("--config") + 1;
      if (!args && at > 0) await runner.leave?.(readConfig(argv[at] ?? "", runner.contract), log);
    }
    if (!args) return exitCodes.ok;
    const config = readConfig(args.config, runner.contract);
    try {
      return await start(runner, args, config, log);
    } finally {
      if (args.mode === "run" || args.mode === "way") await runner.leave?.(config, log);
    }
  });
}

async function start<
  Config extends TargetConfig,
  Run extends JobRun<Config>,
  Metrics extends readonly Metric[],
>(
  runner: Runner<Config, Run, Metrics>,
  args: RunnerArguments | OwnArguments<Config>,
  config: Config,
  log: Log,
): Promise<number> {
  if (args.mode === "own") return args.act(config, log);
  if (args.mode === "way") {
    // The grammar knows these words only of a runner that has ways.
    return runner.ways ? goWay(runner.ways, args.asked, { config, log, json: args.json }) : exitCodes.usage;
  }
  if (args.mode === "check-config") {
    if (typeof config.target === "object") await checkTarget(config.target);
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  if (args.mode === "unfinished") {
    process.stdout.write(unfinishedLines(runner.unfinished?.(config) ?? []));
    return exitCodes.ok;
  }
  const service = serviceEnvironment();
  const { metrics } = runner;
  const told = typeof metrics === "function" ? metrics(config) : metrics;
  const reporter = reporterOf(config, told, service.INVOCATION_ID, log);
  if (args.mode === "report-end") {
    // Before that is made up for, which forgets the run.
    const wasReported = reporter.state.readRunning() === undefined;
    return reportLostEnd(reporter, service, async () => {
      const hasLeft = endLeft(config, log);
      if (runner.tidyUp) await withFreeLock(config, () => runner.tidyUp?.(config, log, hasLeft, wasReported));
    });
  }
  const dryRun = args.mode === "dry-run";
  const stop = new Stop(config.job, log, runner.again?.(config), runner.keptWhenStopped);
  const only = "only" in args ? args.only : [];
  const run = runner.begin(
    { config, dryRun, log, stop, notes: [] },
    new Set("accept" in args ? args.accept : []),
    only,
  );
  if (dryRun) return preview(run, runner.dryRun, runner.summary);
  const locked: Phase<Run> = {
    ...lock,
    async run(held) {
      await lock.run(held);
      runner.locked?.(held);
    },
  };
  if (only.length > 0) return runApart(run, [locked, ...runner.phases], runner.summary);
  return runAndReport(run, [locked, ...runner.phases], reporter, runner.summary, runner.finish?.bind(runner));
}
