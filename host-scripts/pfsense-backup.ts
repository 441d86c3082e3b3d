import {
  type PfsenseBackupConfig,
  pfsenseBackupConfig,
  pfsenseBackupMetrics,
} from "../plan/contracts/pfsense-backup";
import { config as fetchConfig } from "./pfsense-backup/config";
import type { FirewallBackup } from "./pfsense-backup/pfsense-backup";
import { promote, prune } from "./pfsense-backup/promote";
import { tar } from "./pfsense-backup/tar";
import { lock, verify } from "./pfsense-backup/verify";
import { parseRunArguments, type RunArguments, runHelp } from "./runtime/arguments";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { discard } from "./runtime/generations";
import { lockFile, preview, runAndReport, type Told } from "./runtime/job-run";
import { endLeftovers } from "./runtime/lock";
import { createLog } from "./runtime/log";
import { reportLostEnd } from "./runtime/lost-end";
import { checkTarget } from "./runtime/mounts";
import { reporterOf } from "./runtime/report";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";

const job = "pfsense-backup";
const accepts = { what: "FIREWALL", why: "the firewall is meant to have lost what it had" };
const help = runHelp(
  job,
  "Keeps generations of a pfSense's configuration and files on the backup disk of this host.",
  accepts,
);

const argv = process.argv.slice(2);
const options = { json: argv.includes("--json"), progress: argv.includes("--progress") };
const log = createLog(job, options);
startProgram(job, log, async () => {
  const args = parseRunArguments(job, argv, accepts);
  if (args) return start(args, readConfig(args.config, pfsenseBackupConfig));
  process.stdout.write(help);
  return exitCodes.ok;
});

async function start(args: RunArguments, config: PfsenseBackupConfig): Promise<number> {
  if (args.mode === "check-config") {
    await checkTarget(config.target);
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  const service = serviceEnvironment();
  const reporter = reporterOf(config, pfsenseBackupMetrics, service.INVOCATION_ID, log);
  if (args.mode === "report-end") return reportLostEnd(reporter, service, async () => tidyUp(config));
  const backup: FirewallBackup = {
    ...{ config, dryRun: args.mode === "dry-run", log, stop: new Stop(config.job, log), notes: [] },
    ...{ startedAt: new Date(), accepted: new Set(args.accept) },
  };
  if (backup.dryRun) return preview(backup, [verify, prune], told);
  return runAndReport(backup, [lock, verify, fetchConfig, tar, promote, prune], reporter, told, async run => {
    if (run.fresh) discard(run.fresh);
  });
}

/** The next run removes what a killed one has built, as it verifies the disk first. */
function tidyUp(config: PfsenseBackupConfig): void {
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) log.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
}

const told: Told<FirewallBackup> = {
  values: ({ configBytes = 0, tarBytes = 0 }) => ({ backup_bytes: configBytes + tarBytes }),
  figures: ({ configBytes, tarBytes, members, pruned }) => ({ configBytes, tarBytes, members, pruned }),
  done: ({ config, configBytes, tarBytes, members }, seconds) =>
    `config.xml (${configBytes} bytes) and a tar of ${members} members (${tarBytes} bytes) of ${config.ssh.host} in ${seconds} s`,
};
