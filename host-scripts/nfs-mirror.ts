import { type NfsMirrorConfig, nfsMirrorConfig, nfsMirrorMetrics } from "../plan/contracts/nfs-mirror";
import { copy, cover } from "./nfs-mirror/copy";
import { answer } from "./nfs-mirror/held";
import { hold, remember } from "./nfs-mirror/hold";
import { journalFolder, type Mirror } from "./nfs-mirror/mirror";
import { match } from "./nfs-mirror/moves";
import { nested } from "./nfs-mirror/nested";
import { close, root } from "./nfs-mirror/roots";
import { judge, scan } from "./nfs-mirror/scan";
import { told } from "./nfs-mirror/told";
import { lock, verify } from "./nfs-mirror/verify";
import { parseRunArguments, type RunArguments, runHelp } from "./runtime/arguments";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { lockFile, preview, runAndReport } from "./runtime/job-run";
import { recover } from "./runtime/journal";
import { endLeftovers } from "./runtime/lock";
import { createLog, type Log } from "./runtime/log";
import { reportLostEnd } from "./runtime/lost-end";
import { checkTarget } from "./runtime/mounts";
import { reporterOf } from "./runtime/report";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";

const job = "nfs-mirror";
const accepts = {
  what: "NAME",
  why: 'what this service, or the file system at this path, has lost is meant to go; "." for all services',
};
const help = runHelp(
  job,
  "Mirrors the entries of a tree of services to the backup disk of the same host.",
  accepts,
);

const argv = process.argv.slice(2);
const options = { json: argv.includes("--json"), progress: argv.includes("--progress") };
const log = createLog(job, options);
startProgram(job, log, async () => {
  const args = parseRunArguments(job, argv, accepts);
  if (args) return start(args, readConfig(args.config, nfsMirrorConfig));
  process.stdout.write(help);
  return exitCodes.ok;
});

async function start(args: RunArguments, config: NfsMirrorConfig): Promise<number> {
  if (args.mode === "check-config") {
    await checkTarget(config.target);
    log.info(`config "${args.config}" is valid`);
    return exitCodes.ok;
  }
  const service = serviceEnvironment();
  const reporter = reporterOf(config, nfsMirrorMetrics, service.INVOCATION_ID, log);
  if (args.mode === "report-end") return reportLostEnd(reporter, service, async () => tidyUp(config, log));
  const mirror: Mirror = {
    config,
    dryRun: args.mode === "dry-run",
    log,
    stop: new Stop(job, log),
    notes: [],
    ...{ accepted: new Set(args.accept), held: [] },
  };
  if (mirror.dryRun) return preview(mirror, [verify, nested, scan, match, hold, judge], told);
  return runAndReport(
    mirror,
    [...[lock, verify, nested, close, scan, match, hold, judge], ...[copy, root, remember, cover, answer]],
    reporter,
    told,
  );
}

function tidyUp(config: NfsMirrorConfig, to: Log): void {
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) to.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
  // A process that still writes would change more after the hand-over; the next run hands over then.
  else recover(journalFolder(config));
}
