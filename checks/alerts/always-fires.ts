import { readAlerts } from "../../alerts/alert";
import { instants } from "../../alerts/ranges";
import { evaluate } from "../../alerts/promql/evaluate";
import { isComparison } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const alwaysFires = defineCheck({
  code: "alerts/always-fires",
  severity: "error",
  title: "An alert's condition is always true",
  why: "An instant that is compared as if it were an age, or a share of one with 15 per cent: it fires from the first minute, is muted, and stays muted when it would matter.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      const { parsed } = alert;
      if (!isComparison(parsed)) return [];
      let always = parsed.bool;
      let isInstant = false;
      evaluate(parsed, index, {
        compared: (expr, outcomes, left) => {
          if (expr !== parsed) return;
          isInstant = left.some(({ range }) => range.min === instants.min);
          always ||= outcomes.length > 0 && outcomes.every(outcome => outcome === "always");
        },
      });
      if (!always) return [];
      return [
        {
          subject: alert.name,
          message: parsed.bool
            ? `${alert.name} always fires: with "bool", ${parsed.text} gives 0 or 1, and an alert fires for both.`
            : `${alert.name} always fires: ${parsed.text} is true for every value that these series have.`,
          fix: parsed.bool
            ? 'Remove "bool".'
            : isInstant
              ? `Compare an age, in seconds: time() - ${parsed.left.text} ${parsed.op} ${parsed.right.text}.`
              : "Give the number in the metric's unit (seconds, 0 to 1, 0 to 100).",
          evidence: { expr: alert.rule.expr },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "an instant as an age",
          'lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 108000',
        ),
        rewritten(
          "Compare an age",
          'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 48000',
        ),
      ),
      mended(
        alertExample(
          "a share below 15 instead of 0.15",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 15',
        ),
        rewritten(
          "0 to 1",
          'node_filesystem_avail_bytes{job="proxmox-host"} / node_filesystem_size_bytes{job="proxmox-host"} < 0.15',
        ),
      ),
      mended(
        alertExample("a truth value instead of a filter", 'up{job="proxmox-host"} == bool 0'),
        rewritten('Remove "bool"', 'up{job="proxmox-host"} == 0'),
      ),
    ],
    good: [
      alertExample("an age", 'time() - lvm_snapshot_last_run_timestamp{job="lvm-pvc-snapshot"} > 108000'),
    ],
  },
});
