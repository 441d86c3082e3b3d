import { allAlerts } from "../../alerts/alert";
import { defineCheck } from "../check";
import { alertExample, mended } from "../examples";

export const runbookMissing = defineCheck({
  code: "alerts/runbook-missing",
  severity: "warning",
  title: "An alert links to a runbook that isn't written",
  why: "Whoever is woken at three follows the link in the message. A page that doesn't exist costs the minutes in which the last good copy is still there.",
  run: plan =>
    allAlerts(plan)
      .filter(alert => !alert.runbook && alert.origin === "estate")
      .map(({ name, rule }) => ({
        subject: name,
        message: `${name} sends people to ${rule.annotations["runbook_url"] ?? "a page"}, which isn't written.`,
        fix: "Write the page (condition, how to look, what to type), then remove runbook: false.",
        evidence: { page: rule.annotations["runbook_url"] ?? "" },
      })),
  examples: {
    bad: [
      mended(
        alertExample(
          "an alert whose page is to come",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
          {
            runbook: false,
          },
        ),
        {
          says: "remove runbook: false",
          edit: ({ monitoring }) => {
            for (const alert of monitoring.alerts ?? []) delete alert.runbook;
          },
        },
      ),
    ],
    good: [
      alertExample("a page that is there", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
    ],
  },
});
