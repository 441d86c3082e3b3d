import { readAlerts } from "../../alerts/alert";
import { selectorsOf } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { defineCheck } from "../check";
import { alertExample } from "../examples";
import { nearest } from "../../plan/contracts/near";

export const metricUnknown = defineCheck({
  code: "alerts/metric-unknown",
  severity: "error",
  title: "An alert looks at a metric that nothing emits",
  why: "A comparison with a metric that doesn't exist is never true and never false: the alert is silent for good, and reads like one that works. The reference has two names for one metric.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      const unknown = new Set(
        selectorsOf(alert.parsed).flatMap(({ metric }) =>
          metric === undefined || index.has(metric) ? [] : [metric],
        ),
      );
      return [...unknown].map(metric => {
        const near = nearest(metric, index.keys());
        return {
          subject: alert.name,
          message: `${alert.name} looks at ${metric}, which no job and no exporter of the estate emits.`,
          fix:
            near.length > 0
              ? `Write ${near.join(" or ")}, or list ${metric} at the exporter that has it (monitoring.exporters).`
              : `List ${metric} at the exporter that has it (monitoring.exporters), or remove the alert.`,
          evidence: { metric, near },
        };
      });
    });
  },
  examples: {
    bad: [
      alertExample("a letter too few", 'lvm_snapshot_thinpool_free_pc{job="lvm-pvc-snapshot"} < 15'),
      alertExample(
        "a metric of the job that came before",
        "time() - offsite_backup_sync_last_success_timestamp > 691200",
      ),
    ],
    good: [alertExample("a metric of a job", 'backup_bytes{job="etcd-backup"} < 1000')],
  },
});
