import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { alertFix, withinFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const alwaysFires = defineCheck({
  code: "alerts/always-fires",
  severity: "error",
  title: "An alert's condition is always true",
  why: "An instant that is compared as if it were an age, or a share of one with 15 per cent: it fires from the first minute, is muted, and stays muted when it would matter.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "always") return [];
      const { comparison, values } = flaw;
      return [
        {
          subject: alert.name,
          message: comparison.bool
            ? `${alert.name} always fires: with "bool", ${comparison.text} gives 0 or 1, and an alert fires for both.`
            : `${alert.name} always fires: ${comparison.text} is true for every value that these series have.`,
          fix: alertFix(alert, plan, withinFix(comparison, values)),
          evidence: { expr: alert.rule.expr },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "an instant as an age",
          'lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 108000',
        ),
        rewritten(
          "Write time() - lvm_snapshot_last_run_timestamp",
          'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 47580',
        ),
      ),
      mended(
        alertExample(
          "a share below 15 instead of 0.15",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 15',
        ),
        rewritten(
          'Write node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0.15',
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0.15',
        ),
      ),
      mended(
        alertExample("a truth value instead of a filter", 'up{job="proxmox-host"} == bool 0'),
        rewritten('Write up{job="proxmox-host"} == 0', 'up{job="proxmox-host"} == 0'),
      ),
    ],
    good: [
      alertExample("an age", 'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 108000'),
    ],
  },
});
