import { type NfsMirrorConfig, nfsMirrorConfig, nfsMirrorMetrics } from "../plan/contracts/nfs-mirror";
import { type Arguments, help, parseArguments, serviceEnvironment } from "./nfs-mirror/arguments";
import { copy, cover } from "./nfs-mirror/copy";
import type { Mirror } from "./nfs-mirror/mirror";
import { reportLostEnd } from "./nfs-mirror/report-end";
import { judge, scan } from "./nfs-mirror/scan";
import { lock, verify } from "./nfs-mirror/verify";
import { readConfig } from "./runtime/config";
import { errnoOf, exitCodes, messageOf, RunnerError } from "./runtime/errors";
import { createLog, type Log } from "./runtime/log";
import { runPhases } from "./runtime/phases";
import { reportEnd, type Reporter } from "./runtime/report";
import { RunState } from "./runtime/run-state";
import { Stop } from "./runtime/stop";

const job = "nfs-mirror";

async function main(argv: readonly string[]): Promise<number> {
  let log = createLog(job, { json: argv.includes("--json"), progress: false });
  try {
    const args = parseArguments(argv);
    if (!args) {
      process.stdout.write(help);
      return exitCodes.ok;
    }
    log = createLog(job, args);
    const config = readConfig(args.config, nfsMirrorConfig);
    return await start(args, config, log);
  } catch (error) {
    return tell(log, asRunnerError(error));
  }
}

async function start(args: Arguments, config: NfsMirrorConfig, log: Log): Promise<number> {
  if (args.mode === "check-config") {
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  const service = serviceEnvironment.parse(process.env);
  const reporter: Reporter = {
    ...{ job, host: config.host, stateDir: config.stateDir, textfile: config.textfile },
    ...{ pushgateway: config.pushgateway, names: nfsMirrorMetrics, log },
    invocation: service.INVOCATION_ID,
    state: new RunState(config.stateDir),
  };
  if (args.mode === "report-end") return reportLostEnd(config, reporter, service);
  const mirror: Mirror = { config, dryRun: args.mode === "dry-run", log, stop: new Stop(job), notes: [] };
  return mirror.dryRun ? preview(mirror) : mirrorAndReport(mirror, reporter);
}

/** Reads only, so it needs neither the lock nor a report. */
async function preview(mirror: Mirror): Promise<number> {
  const quiet = mirror.stop.listen(mirror.config.budgetMs);
  try {
    await runPhases([verify, scan, judge], mirror, { ...mirror, enter: () => undefined });
    mirror.log.result({ job, status: exitCodes.ok, dryRun: true, ...figures(mirror) });
    return exitCodes.ok;
  } finally {
    quiet();
  }
}

async function mirrorAndReport(mirror: Mirror, reporter: Reporter): Promise<number> {
  const { log, stop } = mirror;
  const startedAt = new Date();
  const quiet = stop.listen(mirror.config.budgetMs);
  // Before it has the lock, the state file is another run's.
  const enter = (phase: string): void => {
    if (mirror.lock) reporter.state.enter(phase, startedAt, reporter.invocation);
  };
  let error: RunnerError | undefined;
  try {
    await runPhases([lock, verify, scan, judge, copy, cover], mirror, { stop, log, enter });
    sayDone(mirror, startedAt);
    enter("report");
  } catch (fault) {
    error = asRunnerError(fault);
  }
  quiet();
  // The report has a stop of its own: a run that was stopped is reported all the same, and a second signal ends the wait.
  const hurry = new Stop(job);
  const quietReport = hurry.listen();
  const bytes = mirror.copied?.bytes ?? 0;
  const status = await reportEnd(reporter, {
    bytes,
    error,
    mine: mirror.lock !== undefined,
    stop: hurry.signal,
  });
  quietReport();
  mirror.lock?.release();
  const failure = error && { failed: error.failed, kept: error.kept, next: error.next };
  log.result({ job, status, durationMs: Date.now() - startedAt.getTime(), ...figures(mirror), ...failure });
  return status;
}

function figures({ scan: found, copied, notes }: Mirror): object {
  return {
    ...(found && { entries: found.entries, toCopy: found.changes, toDelete: found.deletions }),
    ...(copied && {
      copied: copied.changed,
      deleted: copied.deleted,
      bytes: copied.bytes,
      segment: copied.segment,
    }),
    notes,
  };
}

function sayDone({ config, scan: found, copied, notes, log }: Mirror, startedAt: Date): void {
  const seconds = ((Date.now() - startedAt.getTime()) / 1000).toFixed(1);
  const journal = copied?.segment === undefined ? "" : `; journal segment ${copied.segment}`;
  log.info(
    `"${config.target.path}" equals "${config.source.path}": ${found?.entries} entries, ${copied?.changed} copied (${copied?.bytes} bytes), ${copied?.deleted} deleted in ${seconds} s${journal}`,
  );
  for (const note of notes) log.info(`Note: ${note}`);
}

function asRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) return error;
  // A system call's error is the host's matter, such as a full disk; any other is ours, and its stack helps.
  const failed =
    error instanceof Error && errnoOf(error) === undefined
      ? `fault in the runner: ${error.stack ?? error.message}`
      : messageOf(error);
  return new RunnerError(
    exitCodes.failed,
    { failed, kept: "What was copied so far is kept.", next: `journalctl -u ${job} -n 50` },
    { cause: error },
  );
}

function tell(log: Log, error: RunnerError): number {
  log.error(error.failed);
  log.error(`Kept: ${error.kept}`);
  log.error(`Next: ${error.next}`);
  log.result({ job, status: error.exitCode, failed: error.failed, kept: error.kept, next: error.next });
  return error.exitCode;
}

void main(process.argv.slice(2)).then(status => {
  process.exitCode = status;
});
