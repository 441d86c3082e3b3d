import { uncovered } from "../../alerts/absence";
import { defineCheck } from "../check";
import { alertExample, example, mended } from "../examples";

export const absenceUncovered = defineCheck({
  code: "alerts/absence-uncovered",
  severity: "error",
  title: "An alert goes silent with the series that it looks at",
  why: "A comparison with a series that doesn't exist is silent. A backup disk that is no longer mounted has no free space to compare, and the alert for a full disk says nothing.",
  run: plan =>
    plan.estate.monitoring.alerts
      .filter(alert => !alert.absence)
      .flatMap(alert => {
        const gone = uncovered(alert, plan).map(
          ({ metric, labels }) =>
            `${metric}{${Object.entries(labels)
              .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
              .join(",")}}`,
        );
        const [first] = gone;
        if (first === undefined) return [];
        return [
          {
            subject: alert.name,
            message: `${alert.name} is silent when ${first} is gone${gone.length > 1 ? ` (and ${gone.length - 1} more)` : ""}, and no alert watches for that.`,
            fix: `Remove absence: false, so the plan adds the alert absent(${first}), or add it yourself.`,
            evidence: { counterexample: gone },
          },
        ];
      }),
  examples: {
    bad: [
      mended(
        example("a full disk's alert without its absence alert", ({ monitoring }) => {
          monitoring.alerts = (monitoring.alerts ?? []).map(alert => ({ ...alert, absence: false }));
        }),
        {
          says: "Remove absence: false",
          edit: ({ monitoring }) => {
            for (const alert of monitoring.alerts ?? []) delete alert.absence;
          },
        },
        {
          says: "add it yourself",
          edit: ({ monitoring }) =>
            monitoring.alerts?.push({
              name: "BackupDiskGone",
              expr: 'absent(node_filesystem_avail_bytes{job="proxmox-host",instance="pve",mountpoint="/mnt/backup"})',
              receiver: "infra",
            }),
        },
      ),
    ],
    good: [
      example("the absence alert that the plan adds"),
      example("an alert of one's own for the absence", ({ monitoring }) => {
        monitoring.alerts = [
          ...(monitoring.alerts ?? []).map(alert => ({ ...alert, absence: false })),
          {
            name: "BackupDiskGone",
            expr: 'absent(node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"})',
            receiver: "infra",
          },
        ];
      }),
      alertExample(
        "a metric of a job, whose own alerts watch for absence",
        "lvm_snapshot_thinpool_free_pct < 15",
        {
          absence: false,
        },
      ),
    ],
  },
});
