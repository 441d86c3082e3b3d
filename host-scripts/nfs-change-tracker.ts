import {
  changeTrackerJobName,
  changeTrackerMetricNames,
  changeTrackerMetrics,
  type NfsChangeTrackerConfig,
  nfsChangeTrackerConfig,
} from "../plan/contracts/nfs-change-tracker";
import { tellingOnce, tellProof, valuesOf } from "./nfs-change-tracker/report";
import { Tracker } from "./nfs-change-tracker/tracker";
import { ways } from "./nfs-change-tracker/ways";
import { parseRunnerArguments, runHelp } from "./runtime/arguments";
import { readConfig } from "./runtime/config";
import { asRunnerError, startProgram } from "./runtime/entry";
import { exitCodes, type RunnerError } from "./runtime/errors";
import { lockFile } from "./runtime/job-run";
import { takeLock } from "./runtime/lock";
import { createLog, type Log } from "./runtime/log";
import { reportLostEnd } from "./runtime/lost-end";
import { reportEnd, type Reporter, reporterOf } from "./runtime/report";
import { requireRoot } from "./runtime/root";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";
import { goWay } from "./runtime/ways";

const argv = process.argv.slice(2);
const json = argv.includes("--json");
const log = createLog(changeTrackerJobName, { json, progress: false });

/* It has no phases and no end that is a success: it works for as long as it runs, and tells of each proof of that as of a run. */
startProgram(changeTrackerJobName, log, async () => {
  const args = parseRunnerArguments(changeTrackerJobName, argv, { ways });
  if (!args) {
    const does = "Notes what changes in folders of this host, for the jobs that copy it. Runs all the time.";
    process.stdout.write(runHelp(changeTrackerJobName, does, { ways }));
    return exitCodes.ok;
  }
  const config = readConfig(args.config, nfsChangeTrackerConfig);
  if (args.mode === "way") return goWay(ways, args.asked, { config, log, json });
  const service = serviceEnvironment();
  const reporter = reporterOf(config, changeTrackerMetrics, service.INVOCATION_ID, log);
  if (args.mode === "report-end")
    return reportLostEnd(reporter, service, () => Promise.resolve(), { [changeTrackerMetricNames.up]: 0 });
  if (args.mode === "run") return watch(config, reporter, log);
  log.info(
    `config "${args.config}" is valid: it watches ${config.watches.map(({ root }) => root).join(", ")}`,
  );
  return exitCodes.ok;
});

/** @returns the exit code */
async function watch(config: NfsChangeTrackerConfig, reporter: Reporter, log: Log): Promise<number> {
  const tracker = new Tracker(config, log);
  const stop = new Stop(config.job, log);
  const quiet = stop.listen();
  let mine = false;
  let error: RunnerError;
  try {
    requireRoot(config.job, "watch a file system");
    // Two of them would write one journal.
    const lock = await takeLock(lockFile(config), 0, stop.signal);
    mine = true;
    reporter.state.enter("watch", new Date(), reporter.invocation);
    const proofs = tellingOnce(reporter);
    await tracker.run(stop.signal, () => tellProof(proofs, tracker.counted));
    lock.release();
    stop.check("watch");
    throw new Error("it ended, though nobody had stopped it");
  } catch (fault) {
    error = asRunnerError(fault, config.job);
  }
  quiet();
  const values = { ...valuesOf(tracker.counted), [changeTrackerMetricNames.up]: 0 };
  return reportEnd(reporter, { values, error, mine });
}
