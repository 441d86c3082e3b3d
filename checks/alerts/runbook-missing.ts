import { allAlerts } from "../../alerts/alert";
import type { Plan } from "../../plan";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { alertExample, example, mended } from "../examples";

export const runbookMissing = defineCheck({
  code: "alerts/runbook-missing",
  severity: "warning",
  title: "An alert links to a runbook that isn't written, or that only the cluster can open",
  why: "Whoever is woken at three follows the link in the message. A page that doesn't exist costs the minutes in which the last good copy is still there.",
  run: plan => [
    ...ofTheCluster(plan),
    ...allAlerts(plan)
      .filter(alert => !alert.runbook && alert.origin === "estate")
      .map(({ name, rule }) => ({
        subject: name,
        message: `${name} sends people to ${rule.annotations["runbook_url"] ?? "a page"}, which isn't written.`,
        fix: "Write the page (condition, how to look, what to type), then remove runbook: false.",
        evidence: { page: rule.annotations["runbook_url"] ?? "" },
      })),
  ],
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
      mended(
        example("pages by a name that the cluster alone has", ({ monitoring }) =>
          edit(monitoring, { runbooks: "https://runbooks.monitoring.svc" }),
        ),
        {
          says: "Write where they are published",
          edit: ({ monitoring }) => edit(monitoring, { runbooks: "https://runbooks.example" }),
        },
      ),
    ],
    good: [
      example("pages at a company's domain of services", ({ monitoring }) =>
        edit(monitoring, { runbooks: "https://runbooks.svc.example" }),
      ),
      alertExample("a page that is there", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
    ],
  },
});

/** Whoever resolves the cluster's names at their desk may say so in a waiver. */
function ofTheCluster({ estate: { monitoring } }: Plan): Found[] {
  const { runbooks } = monitoring;
  if (runbooks === undefined || !/\.svc(\.cluster\.local)?$/.test(new URL(runbooks).hostname)) return [];
  return [
    {
      subject: "monitoring.runbooks",
      message: `monitoring.runbooks is "${runbooks}", a name of the cluster's own: whoever is woken can't open a page there, unless their computer asks the cluster for names.`,
      fix: 'Write where they are published, e.g. "https://runbooks.example".',
      evidence: { where: "monitoring.runbooks" },
    },
  ];
}
