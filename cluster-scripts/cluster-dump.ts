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
import { goWay } from "../host-scripts/runtime/ways";
import { dismiss } from "./cluster-dump/dismiss";
import { judge, receive, recover, rotate } from "./cluster-dump/phases";
import { summary, tellDatabases } from "./cluster-dump/summary";
import { ways } from "./cluster-dump/ways";

const name = "cluster-dump";
const does =
  "Takes the dumps that a database's client hands over in the same pod, verifies, keeps and rotates them.";

// What a person asks of the dumps comes with the environment: `kubectl set env` puts it into a job of a CronJob's.
const argv = [
  ...process.argv.slice(2),
  ...(process.env["ASK"] ?? "").split(/\s+/).filter(word => word !== ""),
];
const json = argv.includes("--json");
const log = createLog(name, { json, progress: argv.includes("--progress") });
startProgram(name, log, async () => {
  const args = parseRunnerArguments(name, argv, { ways });
  if (!args) {
    process.stdout.write(runHelp(name, does, { ways }));
    return exitCodes.ok;
  }
  const config = readConfig(args.config, clusterDumpConfig);
  if (args.mode !== "run" && args.mode !== "way") return exitCodes.ok;
  try {
    if (args.mode === "way") return await goWay(ways, args.asked, { config, log, json: args.json });
    const run = {
      ...{ config, dryRun: false, log, stop: new Stop(config.job, log), notes: [] },
      ...{ startedAt: new Date(), outcomes: new Map(), rotated: [] },
    };
    const reporter = reporterOf(config, clusterDumpMetrics, "", log);
    return await runAndReport(run, [lock, recover, receive, rotate, judge], reporter, summary, tellDatabases);
  } finally {
    await dismiss(config, log);
  }
});
