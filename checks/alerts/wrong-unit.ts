import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { alertFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const wrongUnit = defineCheck({
  code: "alerts/wrong-unit",
  severity: "error",
  title: "An alert's threshold is in another unit than its metric",
  why: "0.15 of something that goes from 0 to 100 is 0.15 per cent, and 15 of something that is counted in bytes are fifteen bytes: the alert waits until nothing is left.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "unit") return [];
      const { comparison, unit } = flaw;
      const number = comparison.right.text;
      return [
        {
          subject: alert.name,
          message:
            unit === "per cent"
              ? `${alert.name} compares ${comparison.left.text}, which goes from 0 to 100, with ${number}: that are ${number} per cent.`
              : `${alert.name} compares ${comparison.left.text}, which counts bytes, with ${number}: that are ${number} bytes.`,
          fix: alertFix(
            alert,
            plan,
            unit === "per cent"
              ? "Give the threshold in per cent, from 0 to 100."
              : "Give the threshold in bytes, e.g. 50e9 for 50 GB, or divide by the size and give a share, e.g. 0.15.",
          ),
          evidence: { expr: alert.rule.expr, threshold: number },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "a share of a percentage",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 0.15',
        ),
        rewritten("< 15", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      ),
      mended(
        alertExample(
          "gigabytes of bytes",
          'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 50',
        ),
        rewritten(
          "50e9 for 50 GB",
          'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 50e9',
        ),
      ),
    ],
    good: [
      alertExample("per cent", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      alertExample(
        "bytes",
        'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 50e9',
      ),
    ],
  },
});
