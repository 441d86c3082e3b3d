import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { alertFix, withinFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const neverFires = defineCheck({
  code: "alerts/never-fires",
  severity: "error",
  title: "An alert's condition can't become true",
  why: "A percentage that is compared with 120, an age in seconds with a threshold in milliseconds: the alert is there, and will never be heard.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "never") return [];
      const { comparison, values } = flaw;
      return [
        {
          subject: alert.name,
          message: `${alert.name} can't fire: ${comparison.text} is never true for the values that these series have.`,
          fix: alertFix(alert, plan, withinFix(comparison, values)),
          evidence: { expr: alert.rule.expr, comparison: comparison.text },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "a percentage above 120",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} > 120',
        ),
        rewritten(
          "a number between 0 and 100",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
        ),
      ),
      mended(
        alertExample(
          "an age in seconds above 15 days of milliseconds",
          'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 1296000000',
        ),
        rewritten("> 47580", 'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 47580'),
      ),
      mended(
        alertExample(
          "a share of free space below nothing",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0',
        ),
        rewritten(
          "a number between 0 and 1",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0.15',
        ),
      ),
      mended(
        alertExample("up above one", 'up{job="proxmox-host"} > 1'),
        rewritten('Write up{job="proxmox-host"} == 0', 'up{job="proxmox-host"} == 0'),
      ),
    ],
    good: [
      alertExample("a percentage below 15", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      alertExample("down", 'up{job="proxmox-host"} == 0'),
    ],
  },
});
