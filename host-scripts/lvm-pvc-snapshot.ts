import {
  lvmPvcSnapshotConfig,
  lvmPvcSnapshotMetrics,
  snapshotJobName,
} from "../plan/contracts/lvm-pvc-snapshot";
import { help } from "./lvm-pvc-snapshot/arguments";
import { parse } from "./lvm-pvc-snapshot/commands";
import { newRun } from "./lvm-pvc-snapshot/context";
import { discover } from "./lvm-pvc-snapshot/discover";
import { guard } from "./lvm-pvc-snapshot/guard";
import { prune } from "./lvm-pvc-snapshot/prune";
import { records } from "./lvm-pvc-snapshot/records";
import { tellUnfinished } from "./lvm-pvc-snapshot/restore/tell-unfinished";
import { snapshot } from "./lvm-pvc-snapshot/snapshot";
import { summary } from "./lvm-pvc-snapshot/summary";
import { tidyUp } from "./lvm-pvc-snapshot/tidy-up";
import { startRunner } from "./runtime/define-runner";
import { unfinishedOf } from "./runtime/lvm/restore-record";

startRunner({
  name: snapshotJobName,
  does: "Makes, lists, removes and restores thin snapshots of the volumes of a pool.",
  grammar: { help, parse },
  contract: lvmPvcSnapshotConfig,
  metrics: lvmPvcSnapshotMetrics,
  begin: newRun,
  unfinished: ({ stateDir }) => unfinishedOf(stateDir),
  dryRun: [discover, guard, snapshot, prune],
  phases: [discover, guard, records, snapshot, prune],
  summary,
  finish: ({ config, log }, stop) => tellUnfinished(config, stop, log),
  async tidyUp(config, log, _, wasReported) {
    // After each other end all is as it should be, and looking takes LVM a while.
    if (!wasReported) await tidyUp(config, log);
  },
});
