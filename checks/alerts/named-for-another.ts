import { readAlerts } from "../../alerts/alert";
import { selected } from "../../alerts/promql/select";
import { selectorsOf } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { stemOf } from "../../alerts/rules";
import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { defineCheck } from "../check";
import { alertExample, mended } from "../examples";
import { listed } from "../wording";

export const namedForAnother = defineCheck({
  code: "alerts/named-for-another",
  severity: "error",
  title: "An alert is called after one job, and looks at another one",
  why: "An alert that was copied from its neighbour keeps the neighbour's selector: the one job has two alerts, the other none, and the name on the message sends people to the wrong machine.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      const named = alert.origin === "estate" ? jobNamed(alert.name, plan) : undefined;
      if (!named) return [];
      const series = selectorsOf(alert.parsed).flatMap(selector => selected(selector, index));
      const looksAt = [...new Set(series.flatMap(({ kind, emitter }) => (kind === "job" ? [emitter] : [])))];
      if (looksAt.length === 0 || looksAt.includes(named.name)) return [];
      const metric = series.find(series => has(named, series.metric))?.metric;
      const own = metric === undefined ? `what ${named.name} has` : `${metric}{job="${named.metricsJob}"}`;
      return [
        {
          subject: alert.name,
          message: `${alert.name} is called after ${named.name}, and looks at ${listed(looksAt)} alone: ${alert.rule.expr}.`,
          fix: `Select ${own}, or call the alert after ${listed(looksAt)}, e.g. ${stemOf(plan.jobs.find(({ name }) => name === looksAt[0]) ?? named)}Old.`,
          evidence: { expr: alert.rule.expr, named: named.name, looksAt },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "an alert for Vault's dumps that was copied from etcd's",
          'time() - backup_last_success_timestamp{job="etcd-backup"} > 93600',
          { name: "VaultBackupOld" },
        ),
        {
          says: 'backup_last_success_timestamp{job="vault-backup"}',
          edit: ({ monitoring }) => {
            for (const alert of monitoring.alerts ?? [])
              alert.expr = alert.expr.replace('job="etcd-backup"', 'job="vault-backup"');
          },
        },
        {
          says: "e.g. EtcdBackupOld",
          edit: ({ monitoring }) => {
            for (const alert of monitoring.alerts ?? [])
              alert.name = alert.name.replace("VaultBackupOld", "EtcdBackupOld");
          },
        },
      ),
    ],
    good: [
      alertExample(
        "a job's own metric",
        'time() - backup_last_success_timestamp{job="etcd-backup"} > 93600',
        {
          name: "EtcdBackupOld",
        },
      ),
      alertExample(
        "a name that is no job's",
        'time() - backup_last_success_timestamp{job="etcd-backup"} > 93600',
      ),
    ],
  },
});

/** The job with the longest name that an alert's name begins with. */
function jobNamed(name: string, { jobs }: Plan): Job | undefined {
  return jobs.filter(job => name.startsWith(stemOf(job))).sort((a, b) => b.name.length - a.name.length)[0];
}

function has({ metrics }: Job, metric: string): boolean {
  return metrics.some(({ name }) => name === metric);
}
