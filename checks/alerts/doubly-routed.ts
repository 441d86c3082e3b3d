import { type Alert, allAlerts } from "../../alerts/alert";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { alertExample, mended } from "../examples";

/** Jobs' own alerts may share a name across machines: their expressions tell them apart. */
export const doublyRouted = defineCheck({
  code: "alerts/doubly-routed",
  severity: "error",
  title: "One condition is told twice, or two have one name",
  why: "The same night's failure in two channels makes people think that somebody else looks after it; two alerts of one name share a silence and a runbook page.",
  run: plan => {
    const alerts = allAlerts(plan);
    return alerts.flatMap((alert, index) => {
      if (alert.origin !== "estate") return [];
      const others = alerts.filter((other, at) => other.origin !== "estate" || at < index);
      const other =
        others.find(other => sameText(other, alert)) ?? others.find(other => other.name === alert.name);
      if (!other) return [];
      const sameExpr = sameText(other, alert);
      const [to, also] = [alert.receiver ?? "nobody", other.receiver ?? "nobody"];
      return [
        {
          subject: alert.name,
          message: sameExpr
            ? `${alert.name} (to ${to}) has the condition of ${other.name} (to ${also}): ${alert.rule.expr}.`
            : `${alert.name} is the name of two alerts: ${other.rule.expr} (to ${also}), and ${alert.rule.expr} (to ${to}).`,
          fix: sameExpr
            ? `Remove ${alert.name}; ${other.name} tells of it already.`
            : `Give one of them another name, e.g. ${alert.name}2.`,
          evidence: { counterexample: [other.rule.expr, alert.rule.expr], receivers: [also, to] },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "the job's own alert once more",
          'backup_last_status{job="etcd-backup", instance="k8s"} != 0',
        ),
        { says: "Remove Extra", edit: ({ monitoring }) => monitoring.alerts?.pop() },
      ),
      mended(
        alertExample("a name that is taken", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15', {
          name: "BackupDiskFull",
        }),
        {
          says: "another name, e.g. BackupDiskFull2",
          edit: ({ monitoring }) => edit(monitoring.alerts?.at(-1), { name: "BackupDiskFull2" }),
        },
      ),
    ],
    good: [alertExample("another condition", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15')],
  },
});

function sameText(a: Alert, b: Alert): boolean {
  return bare(a.rule.expr) === bare(b.rule.expr);
}

function bare(expr: string): string {
  return expr.replace(/\s+/g, "");
}
