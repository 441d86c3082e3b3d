import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { alertFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const rateOfGauge = defineCheck({
  code: "alerts/rate-of-gauge",
  severity: "error",
  title: "An alert takes the rate of something that isn't counted",
  why: "rate() and increase() are for counters, which only ever grow: each fall is taken for a restart, and what was there before is added again. Of free space, an instant or a status they give a number that means nothing.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "rate-of-gauge") return [];
      const { call, metric } = flaw;
      return [
        {
          subject: alert.name,
          message: `${alert.name} takes ${call.name}() of ${metric}, which goes up and down: ${call.text} adds up each fall as if a counter had begun anew.`,
          fix: alertFix(
            alert,
            plan,
            `Write delta() in place of ${call.name}(), or changes() for an instant, over more than the longest gap between two runs.`,
          ),
          evidence: { expr: alert.rule.expr, call: call.text, metric },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "how fast a disk fills, by rate()",
          'rate(node_filesystem_avail_bytes{job="proxmox-host"}[1h]) < -1e6',
        ),
        rewritten("delta(", 'delta(node_filesystem_avail_bytes{job="proxmox-host"}[1h]) < -1e6'),
      ),
      mended(
        alertExample(
          "a success, by increase()",
          'increase(backup_last_success_timestamp{job="etcd-backup"}[5m]) == 0',
        ),
        rewritten(
          'Write changes(backup_last_success_timestamp{job="etcd-backup"}[26h]) == 0',
          'changes(backup_last_success_timestamp{job="etcd-backup"}[26h]) == 0',
        ),
      ),
    ],
    good: [alertExample("a slope", 'deriv(node_filesystem_avail_bytes{job="proxmox-host"}[6h]) < -1e6')],
  },
});
