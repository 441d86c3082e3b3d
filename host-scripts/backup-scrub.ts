import {
  type BackupScrubConfig,
  backupScrubConfig,
  backupScrubMetricNames,
  backupScrubMetrics,
} from "../plan/contracts/backup-scrub";
import type { Scrub } from "./backup-scrub/backup-scrub";
import { judge } from "./backup-scrub/judge";
import { repair } from "./backup-scrub/repair";
import { scrub } from "./backup-scrub/scrub";
import { oldestVerifiedMs, survey } from "./backup-scrub/survey";
import { lock, verify } from "./backup-scrub/verify";
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

const job = "backup-scrub";
const help = runHelp(
  job,
  "Reads the backup disk bit by bit, compares each file with what was recorded of it, and mends what has rotted where it can.",
);

const argv = process.argv.slice(2);
const options = { json: argv.includes("--json"), progress: argv.includes("--progress") };
const log = createLog(job, options);
startProgram(job, log, async () => {
  const args = parseRunArguments(job, argv);
  if (args) return start(args, readConfig(args.config, backupScrubConfig));
  process.stdout.write(help);
  return exitCodes.ok;
});

async function start(args: RunArguments, config: BackupScrubConfig): Promise<number> {
  if (args.mode === "check-config") {
    await checkTarget(config.target);
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  const service = serviceEnvironment();
  const reporter = reporterOf(config, backupScrubMetrics, service.INVOCATION_ID, log);
  if (args.mode === "report-end") return reportLostEnd(reporter, service, async () => tidyUp(config));
  const run: Scrub = {
    ...{ config, dryRun: args.mode === "dry-run", log, stop: new Stop(job, log), notes: [] },
    ...{ startedAt: new Date(), startMs: performance.now() },
    ...{ read: { files: 0, bytes: 0, recorded: 0 }, foundNow: new Set(), mended: [], faults: [] },
  };
  if (run.dryRun) return preview(run, [verify, survey], told);
  return runAndReport(run, [lock, verify, survey, scrub, repair, judge], reporter, told);
}

function tidyUp(config: BackupScrubConfig): void {
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) log.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
}

const told: Told<Scrub> = {
  values(run) {
    const oldestMs = oldestVerifiedMs(run);
    return {
      [backupScrubMetricNames.bytes]: run.read.bytes,
      [backupScrubMetricNames.files]: run.read.files,
      [backupScrubMetricNames.mended]: run.mended.length,
      ...(run.left && { [backupScrubMetricNames.rotten]: run.left.length }),
      ...(oldestMs !== undefined && {
        [backupScrubMetricNames.oldestVerified]: Math.floor(oldestMs / 1000),
      }),
    };
  },
  figures: run => ({
    ...run.read,
    ...{ mended: run.mended.length, rotten: run.left?.length, units: run.units?.length },
  }),
  done: ({ read }, seconds) =>
    `${read.files - read.recorded} files hold what was recorded of them, ${read.recorded} were recorded; ${read.bytes} bytes in ${seconds} s`,
};
