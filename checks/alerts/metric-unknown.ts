import { readAlerts } from "../../alerts/alert";
import { selectorsOf } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import type { Plan } from "../../plan";
import { exporterSlips } from "../exporter-slips";
import { listed } from "../wording";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";
import { nearest } from "../../plan/contracts/near";

export const metricUnknown = defineCheck({
  code: "alerts/metric-unknown",
  severity: "error",
  title: "An alert looks at a metric that nothing emits",
  why: "A comparison with a metric that doesn't exist is never true and never false: the alert is silent for good, and reads like one that works. The reference has two names for one metric.",
  run: plan => {
    const index = seriesOf(plan);
    const slips = exporterSlips(plan).flatMap(({ meant }) => meant);
    const alertsOf = new Map<string, Set<string>>();
    for (const { name, parsed } of readAlerts(plan))
      for (const { metric } of selectorsOf(parsed))
        // Where the exporter's list has the slip, alerts/exporter-names-nothing tells of it once.
        if (metric !== undefined && !index.has(metric) && !slips.includes(metric))
          alertsOf.set(metric, (alertsOf.get(metric) ?? new Set()).add(name));
    return [...alertsOf].map(([metric, names]) => {
      const near = [...jobsOwn(metric, plan), ...nearest(metric, index.keys())].slice(0, 3);
      const [first = "", ...others] = names;
      const also = others.length === 0 ? "" : ` So does ${listed(others)}.`;
      return {
        subject: first,
        message: `${first} looks at ${metric}, which no job and no exporter of the estate emits.${also}`,
        fix:
          near.length > 0
            ? `Write ${near.join(" or ")}, or list ${metric} at the exporter that has it (monitoring.exporters).`
            : `List ${metric} at the exporter that has it (monitoring.exporters), or remove the alert.`,
        evidence: { metric, near },
      };
    });
  },
  examples: {
    bad: [
      mended(
        alertExample("a letter too few", 'lvm_snapshot_thinpool_free_pc{job="lvm-pvc-snapshot"} < 15'),
        rewritten(
          "Write lvm_snapshot_thinpool_free_pct",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
        ),
      ),
      mended(
        alertExample(
          "a metric of the job that came before",
          "time() - offsite_backup_sync_last_success_timestamp > 104400",
        ),
        rewritten(
          'Write backup_last_success_timestamp{job="offsite-backup-sync"}',
          'time() - backup_last_success_timestamp{job="offsite-backup-sync"} > 104400',
        ),
      ),
    ],
    good: [alertExample("a metric of a job", 'backup_bytes{job="etcd-backup"} < 1000')],
  },
});

/** A name that begins with a job's, as one that every metric of it had: what the job has in its place. */
function jobsOwn(metric: string, { jobs }: Plan): string[] {
  return jobs.flatMap(({ metricsJob, metrics }) => {
    const prefix = `${metricsJob.replaceAll("-", "_")}_`;
    const rest = metric.startsWith(prefix) ? metric.slice(prefix.length) : "";
    const own = rest === "" ? undefined : metrics.find(({ name }) => name.endsWith(rest));
    return own ? [`${own.name}{job="${metricsJob}"}`] : [];
  });
}
