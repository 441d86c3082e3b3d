import {
  type DailyBackupConfig,
  dailyBackupConfig,
  dailyBackupMetricNames,
  dailyBackupMetrics,
} from "../plan/contracts/daily-backup";
import { compare } from "./daily-backup/compare";
import { contents } from "./daily-backup/contents";
import { configurationPhase, judgeConfiguration } from "./daily-backup/configuration";
import { handOver } from "./daily-backup/reveal";
import type { DailyBackup } from "./daily-backup/daily-backup";
import { discover } from "./daily-backup/discover";
import { failedTasks, judge } from "./daily-backup/judge";
import { makeRoom } from "./daily-backup/make-room";
import { judgeTrash, prune } from "./daily-backup/prune";
import { pruneSnapshots } from "./daily-backup/prune-snapshots";
import { recover, recoverHost } from "./daily-backup/recover";
import { lock, verify } from "./daily-backup/verify";
import { tellVolumes } from "./daily-backup/volume-metrics";
import { volumes } from "./daily-backup/volumes";
import { parseRunArguments, type RunArguments, runHelp } from "./runtime/arguments";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { lockFile, preview, runAndReport, type Told } from "./runtime/job-run";
import { endLeftovers } from "./runtime/lock";
import { createLog } from "./runtime/log";
import { reportLostEnd } from "./runtime/lost-end";
import { checkTarget } from "./runtime/mounts";
import { reporterOf } from "./runtime/report";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";

const configuration = configurationPhase<DailyBackup>(handOver);
const job = "daily-backup";
const accepts = {
  what: "NAMESPACE/CLAIM|configuration",
  why: "the volume, or the host's configuration, is meant to have lost what it had, or to have other content",
};
const help = runHelp(
  job,
  "Copies the files of every snapshotted volume, their SQLite databases and the host's own configuration to the backup disk.",
  accepts,
);

const argv = process.argv.slice(2);
const options = { json: argv.includes("--json"), progress: argv.includes("--progress") };
const log = createLog(job, options);
startProgram(job, log, async () => {
  const args = parseRunArguments(job, argv, accepts);
  if (args) return start(args, readConfig(args.config, dailyBackupConfig));
  process.stdout.write(help);
  return exitCodes.ok;
});

async function start(args: RunArguments, config: DailyBackupConfig): Promise<number> {
  if (args.mode === "check-config") {
    await checkTarget(config.target);
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  const service = serviceEnvironment();
  const reporter = reporterOf(config, dailyBackupMetrics, service.INVOCATION_ID, log);
  if (args.mode === "report-end") return reportLostEnd(reporter, service, () => tidyUp(config));
  const run: DailyBackup = {
    ...{ config, dryRun: args.mode === "dry-run", log, stop: new Stop(job, log), notes: [] },
    ...{ startedAt: new Date(), accepted: new Set(args.accept), outcomes: new Map(), distrust: [], bytes: 0 },
  };
  if (run.dryRun) return preview(run, [verify, discover, pruneSnapshots, prune], told);
  const status = await runAndReport(
    run,
    [
      ...[lock, verify, recover, makeRoom, configuration, discover, compare, volumes],
      ...[pruneSnapshots, prune, contents, judge, judgeConfiguration, judgeTrash],
    ],
    reporter,
    told,
    handOverAndTell,
  );
  return status;
}

/** Comes after the phases, however they ended: what became visible is handed over, and each volume's age is told. */
async function handOverAndTell(run: DailyBackup, stop: AbortSignal): Promise<void> {
  run.segment?.promote();
  await tellVolumes(run, stop);
}

async function tidyUp(config: DailyBackupConfig): Promise<void> {
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) log.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
  await recoverHost(config, log);
}

const told: Told<DailyBackup> = {
  values: run => ({
    [dailyBackupMetricNames.bytes]: run.bytes,
    ...(run.tasks && { [dailyBackupMetricNames.failedVolumes]: failedTasks(run).length }),
    ...(run.differences !== undefined && { [dailyBackupMetricNames.differences]: run.differences }),
  }),
  figures: run => ({
    volumes: run.tasks?.length,
    copied: count(run, "copied"),
    unchanged: count(run, "unchanged"),
    failed: failedTasks(run).length,
    bytes: run.bytes,
  }),
  done: (run, seconds) =>
    `${count(run, "copied") + count(run, "unchanged")} volumes have a good copy: ${count(run, "copied")} copied (${run.bytes} bytes), ${count(run, "unchanged")} unchanged, in ${seconds} s`,
};

function count(run: DailyBackup, kind: "copied" | "unchanged"): number {
  return [...run.outcomes.values()].filter(outcome => outcome.kind === kind).length;
}
