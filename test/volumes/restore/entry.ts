import { parseArgs } from "node:util";
import { lvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { restore } from "../../../host-scripts/lvm-pvc-snapshot/restore";
import { readConfig } from "../../../host-scripts/runtime/config";
import { startProgram } from "../../../host-scripts/runtime/entry";
import { createLog } from "../../../host-scripts/runtime/log";
import { Stop } from "../../../host-scripts/runtime/stop";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: "string", default: "" },
    "dry-run": { type: "boolean", default: false },
    resume: { type: "boolean", default: false },
    rollback: { type: "boolean", default: false },
    "no-workload": { type: "boolean", default: false },
    wait: { type: "string", default: "120" },
    json: { type: "boolean", default: false },
  },
});
const log = createLog("lvm-pvc-snapshot", { json: values.json, progress: false });
const [volume = "", snapshot] = positionals;
startProgram("lvm-pvc-snapshot", log, () =>
  restore(
    {
      ...{ volume, snapshot, dryRun: values["dry-run"], workload: !values["no-workload"] },
      action: values.rollback ? "rollback" : values.resume ? "resume" : "restore",
      waitMs: Number(values.wait) * 1000,
    },
    { config: readConfig(values.config, lvmPvcSnapshotConfig), log, stop: new Stop("lvm-pvc-snapshot") },
  ),
);
