import { clusterDumpConfig, clusterDumpMetrics } from "../plan/contracts/cluster-dump";
import { parseRunnerArguments, runHelp } from "../host-scripts/runtime/arguments";
import { readConfig } from "../host-scripts/runtime/config";
import { startProgram } from "../host-scripts/runtime/entry";
import { exitCodes } from "../host-scripts/runtime/errors";
import { runAndReport } from "../host-scripts/runtime/job-run";
import { lock } from "../host-scripts/runtime/lock-phase";
import { createLog } from "../host-scripts/runtime/log";
import { reporterOf } from "../host-scripts/runtime/report";
import { Stop } from "../host-scripts/runtime/stop";
import { judge, receive, recover, rotate } from "./cluster-dump/phases";
import { summary, tellDatabases } from "./cluster-dump/summary";

const name = "cluster-dump";
const does =
  "Takes the dumps that a database's client hands over in the same pod, verifies, keeps and rotates them.";

const argv = process.argv.slice(2);
const json = argv.includes("--json");
const log = createLog(name, { json, progress: argv.includes("--progress") });
startProgram(name, log, async () => {
  const args = parseRunnerArguments(name, argv, {});
  if (!args) {
    process.stdout.write(runHelp(name, does, {}));
    return exitCodes.ok;
  }
  if (args.mode === "way") return exitCodes.usage;
  const config = readConfig(args.config, clusterDumpConfig);
  if (args.mode !== "run") return exitCodes.ok;
  const run = {
    ...{ config, dryRun: false, log, stop: new Stop(config.job, log), notes: [] },
    ...{ startedAt: new Date(), outcomes: new Map(), rotated: [] },
  };
  const reporter = reporterOf(config, clusterDumpMetrics, "", log);
  return runAndReport(run, [lock, recover, receive, rotate, judge], reporter, summary, tellDatabases);
});
