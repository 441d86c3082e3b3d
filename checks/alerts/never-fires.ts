import { readAlerts } from "../../alerts/alert";
import { evaluate } from "../../alerts/promql/evaluate";
import type { Binary } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const neverFires = defineCheck({
  code: "alerts/never-fires",
  severity: "error",
  title: "An alert's condition can't become true",
  why: "A percentage that is compared with 120, an age in seconds with a threshold in milliseconds: the alert is there, and will never be heard.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      const impossible: Binary[] = [];
      const result = evaluate(alert.parsed, index, {
        compared: (expr, outcomes) => {
          if (outcomes.length > 0 && outcomes.every(outcome => outcome === "never")) impossible.push(expr);
        },
      });
      const isEmpty = result.kind === "scalar" || (result.kind === "vector" && result.samples.length === 0);
      const [first] = impossible;
      if (!first || !isEmpty) return [];
      return [
        {
          subject: alert.name,
          message: `${alert.name} can't fire: ${first.text} is never true for the values that these series have.`,
          fix: "Turn the comparison round, or give its number in the metric's unit (seconds, 0 to 1, 0 to 100).",
          evidence: { expr: alert.rule.expr, comparison: first.text },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "a percentage above 120",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} > 120',
        ),
        rewritten("Turn the comparison round", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      ),
      mended(
        alertExample(
          "an age in seconds above 15 days of milliseconds",
          'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 1296000000',
        ),
        rewritten("seconds", 'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 48000'),
      ),
      mended(
        alertExample(
          "a share of free space below nothing",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0',
        ),
        rewritten(
          "0 to 1",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0.15',
        ),
      ),
      mended(
        alertExample("up above one", 'up{job="proxmox-host"} > 1'),
        rewritten("Turn the comparison round", 'up{job="proxmox-host"} < 1'),
      ),
    ],
    good: [
      alertExample("a percentage below 15", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      alertExample("down", 'up{job="proxmox-host"} == 0'),
    ],
  },
});
