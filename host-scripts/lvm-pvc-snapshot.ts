import {
  type LvmPvcSnapshotConfig,
  lvmPvcSnapshotConfig,
  lvmPvcSnapshotMetrics,
  snapshotMetricNames,
} from "../plan/contracts/lvm-pvc-snapshot";
import { help, parseSnapshotArguments, type SnapshotArguments } from "./lvm-pvc-snapshot/arguments";
import type { SnapshotRun } from "./lvm-pvc-snapshot/context";
import { discover, lock } from "./lvm-pvc-snapshot/discover";
import { guard, percentText } from "./lvm-pvc-snapshot/guard";
import { list } from "./lvm-pvc-snapshot/list";
import { prune, pruneAlone } from "./lvm-pvc-snapshot/prune";
import { snapshot } from "./lvm-pvc-snapshot/snapshot";
import { tidyUp } from "./lvm-pvc-snapshot/tidy-up";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { preview, runAndReport, type Told } from "./runtime/job-run";
import { createLog } from "./runtime/log";
import { reportLostEnd } from "./runtime/lost-end";
import { reporterOf } from "./runtime/report";
import { serviceEnvironment } from "./runtime/service-environment";
import { Stop } from "./runtime/stop";

const job = "lvm-pvc-snapshot";

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
  const service = serviceEnvironment();
  const reporter = reporterOf(config, lvmPvcSnapshotMetrics, service.INVOCATION_ID, log);
  switch (command.kind) {
    case "check-config":
      log.info(`config "${args.config}" is valid`);
      return exitCodes.ok;
    case "report-end":
      return reportLostEnd(reporter, service, () => tidyUp(config, reporter.state, log));
    case "list": {
      const stop = new Stop(job);
      stop.listen(config.budgetMs);
      await list(config, args.json, log, stop.signal).finally(() => stop.check("list"));
      return exitCodes.ok;
    }
    case "prune": {
      // Reports nothing: it says nothing of the job, whose success is a new snapshot of each volume.
      const run = newRun(config, command.dryRun);
      const phases = command.dryRun ? [discover, pruneAlone] : [lock, discover, pruneAlone];
      return preview(run, phases, told).finally(() => run.lock?.release());
    }
    case "snapshot": {
      const run = newRun(config, command.dryRun);
      if (command.dryRun) return preview(run, [discover, guard, snapshot, prune], told);
      return runAndReport(run, [lock, discover, guard, snapshot, prune], reporter, told);
    }
    default:
      return command satisfies never;
  }
}

function newRun(config: LvmPvcSnapshotConfig, dryRun: boolean): SnapshotRun {
  return {
    ...{ config, dryRun, log, stop: new Stop(job), notes: [] },
    ...{ created: new Map(), removed: new Set(), failed: new Map() },
  };
}

const told: Told<SnapshotRun> = {
  values({ found, created, removed, poolStatus }) {
    const covered = found && { [snapshotMetricNames.volumes]: found.covered.length };
    const without = found && {
      [snapshotMetricNames.failed]: found.covered.filter(({ name }) => !created.has(name)).length,
    };
    return {
      [snapshotMetricNames.created]: created.size,
      [snapshotMetricNames.pruned]: removed.size,
      ...covered,
      ...without,
      ...(poolStatus && {
        [snapshotMetricNames.poolFree]: round(100 - poolStatus.dataPercent),
        [snapshotMetricNames.metadataFree]: round(100 - poolStatus.metadataPercent),
      }),
    };
  },
  figures: ({ found, created, removed, failed, poolStatus }) => ({
    ...(found && { volumes: found.covered.length }),
    created: created.size,
    removed: [...removed],
    failed: [...failed.keys()],
    ...(poolStatus && {
      dataPercent: round(poolStatus.dataPercent),
      metadataPercent: round(poolStatus.metadataPercent),
    }),
  }),
  done({ config, created, removed, poolStatus }, seconds) {
    const pool = poolStatus
      ? `; pool ${config.vg}/${config.pool} has ${percentText(poolStatus.dataPercent)} of its data and ${percentText(poolStatus.metadataPercent)} of its metadata in use`
      : "";
    return `${created.size} volumes have a new snapshot, ${removed.size} old ones were removed in ${seconds} s${pool}`;
  },
};

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}
