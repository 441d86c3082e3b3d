import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { formatDuration } from "../../plan/units/duration";
import { alertFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const windowTooShort = defineCheck({
  code: "alerts/window-too-short",
  severity: "error",
  title: "An alert looks for a change within less time than passes between two runs",
  why: "A job that pushes once a day changes its metrics once a day. A window of five minutes sees no change for all but five of its minutes, on a healthy day as after a failure.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "window") return [];
      const { call, metric, job, windowMs, gapMs } = flaw;
      return [
        {
          subject: alert.name,
          message: `${alert.name} looks for a change of ${metric} within ${formatDuration(windowMs)}, but ${job} writes it once a run, and its runs can start ${formatDuration(gapMs)} apart.`,
          fix: alertFix(
            alert,
            plan,
            `Look at more than ${formatDuration(gapMs)}, e.g. [${Math.ceil(gapMs / 3_600_000) + 1}h].`,
          ),
          evidence: { expr: alert.rule.expr, call: call.text, job, windowMs, longestGapMs: gapMs },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "no success within a day that has 25 hours",
          'changes(backup_last_success_timestamp{job="etcd-backup"}[1d]) == 0',
        ),
        rewritten("[26h]", 'changes(backup_last_success_timestamp{job="etcd-backup"}[26h]) == 0'),
      ),
      mended(
        alertExample(
          "fewer bytes than five minutes ago",
          'delta(backup_bytes{job="etcd-backup"}[5m]) < -1e6',
        ),
        rewritten("[26h]", 'delta(backup_bytes{job="etcd-backup"}[26h]) < -1e6'),
      ),
    ],
    good: [
      alertExample("26 hours", 'delta(backup_bytes{job="etcd-backup"}[26h]) < -1e6'),
      alertExample("the worst of a day", 'max_over_time(backup_last_status{job="etcd-backup"}[1d]) > 0'),
    ],
  },
});
