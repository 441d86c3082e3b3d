import {
  type LvmPvcSnapshotConfig,
  lvmPvcSnapshotConfig,
  lvmPvcSnapshotMetrics,
  snapshotJobName,
} from "../plan/contracts/lvm-pvc-snapshot";
import { help, parseSnapshotArguments, type SnapshotArguments } from "./lvm-pvc-snapshot/arguments";
import type { SnapshotRun } from "./lvm-pvc-snapshot/context";
import { discover } from "./lvm-pvc-snapshot/discover";
import { forget } from "./lvm-pvc-snapshot/forget";
import { guard } from "./lvm-pvc-snapshot/guard";
import { list } from "./lvm-pvc-snapshot/list";
import { prune, pruneAlone } from "./lvm-pvc-snapshot/prune";
import { snapshot } from "./lvm-pvc-snapshot/snapshot";
import { restore } from "./lvm-pvc-snapshot/restore";
import { tellUnfinished } from "./lvm-pvc-snapshot/restore/tell-unfinished";
import { verify } from "./lvm-pvc-snapshot/verify";
import { endedUnreported, tidyUp } from "./lvm-pvc-snapshot/tidy-up";
import { summary } from "./lvm-pvc-snapshot/summary";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { preview, runAndReport } from "./runtime/job-run";
import { lock } from "./runtime/lock-phase";
import { createLog } from "./runtime/log";
import { unfinishedOf } from "./runtime/lvm/restore-record";
import { reportLostEnd } from "./runtime/lost-end";
import { type Reporter, reporterOf } from "./runtime/report";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";
import { unfinishedLines } from "./runtime/unfinished";

const job = snapshotJobName;

const argv = process.argv.slice(2);
const options = { json: argv.includes("--json"), progress: argv.includes("--progress") };
const log = createLog(job, options);
startProgram(job, log, async () => {
  const args = parseSnapshotArguments(job, argv);
  if (args) return start(args, readConfig(args.config, lvmPvcSnapshotConfig));
  process.stdout.write(help);
  return exitCodes.ok;
});

async function start(args: SnapshotArguments, config: LvmPvcSnapshotConfig): Promise<number> {
  const { command } = args;
  const { INVOCATION_ID } = serviceEnvironment();
  const reporter = reporterOf(config, lvmPvcSnapshotMetrics, INVOCATION_ID, log);
  switch (command.kind) {
    case "check-config":
      log.info(`config "${args.config}" is valid`);
      return exitCodes.ok;
    case "unfinished":
      process.stdout.write(unfinishedLines(unfinishedOf(config.stateDir)));
      return exitCodes.ok;
    case "report-end":
      return reportThenMend(reporter, config);
    case "list":
      await untilStopped("list", config.budgetMs, stop =>
        list(config, { ...command, json: args.json }, log, stop.signal),
      );
      return exitCodes.ok;
    case "verify":
      return untilStopped("verify", undefined, stop =>
        verify(config, { ...command, json: args.json }, log, stop),
      );
    case "forget":
      await untilStopped("forget", config.budgetMs, stop => forget(config, command.volume, stop, log));
      return exitCodes.ok;
    case "restore":
      return restore(command.request, { config, log, stop: new Stop(job, log) });
    case "prune": {
      // Reports nothing: it says nothing of the job, whose success is a new snapshot of each volume.
      const run = newRun(config, command.dryRun);
      const phases = command.dryRun ? [discover, pruneAlone] : [lock, discover, pruneAlone];
      return preview(run, phases, summary).finally(() => run.lock?.release());
    }
    case "snapshot": {
      const run = newRun(config, command.dryRun);
      if (command.dryRun) return preview(run, [discover, guard, snapshot, prune], summary);
      return runAndReport(run, [lock, discover, guard, snapshot, prune], reporter, summary, (_, stop) =>
        tellUnfinished(config, stop, log),
      );
    }
    default:
      return command satisfies never;
  }
}

async function reportThenMend(reporter: Reporter, config: LvmPvcSnapshotConfig): Promise<number> {
  const unreported = endedUnreported(reporter.state);
  const status = await reportLostEnd(reporter, serviceEnvironment(), () => Promise.resolve());
  if (unreported) await tidyUp(config, log);
  return status;
}

/** @param budgetMs undefined for what somebody waits for, however long it takes */
async function untilStopped<Result>(
  what: string,
  budgetMs: number | undefined,
  act: (stop: Stop) => Promise<Result>,
): Promise<Result> {
  const stop = new Stop(job, log);
  const quiet = stop.listen(budgetMs);
  try {
    return await act(stop);
  } finally {
    quiet();
    stop.check(what);
  }
}

function newRun(config: LvmPvcSnapshotConfig, dryRun: boolean): SnapshotRun {
  return {
    ...{ config, dryRun, log, stop: new Stop(job, log), notes: [] },
    ...{ created: new Map(), removed: new Set(), failed: new Map() },
    thinning: { gone: [], freed: [], early: [], seen: [] },
  };
}
