import { readAlerts } from "../../alerts/alert";
import { selected } from "../../alerts/promql/select";
import { rulesOf } from "../../alerts/rules";
import {
  type Expr,
  isComparison,
  partsOf,
  selectorsOf,
  type Selector,
  walk,
} from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { defineCheck } from "../check";
import { alertExample, mended } from "../examples";

export const metricPushedOnlyOnSuccess = defineCheck({
  code: "alerts/metric-pushed-only-on-success",
  severity: "error",
  title: "An alert waits for a failure in a metric that only a success writes",
  why: "The Pushgateway keeps the last value for ever. A run that fails doesn't touch a metric of success, so the last good night's bytes are what the alert sees on every bad one.",
  run: plan => {
    const index = seriesOf(plan);
    const isSuccessOnly = (selector: Selector): boolean => {
      const series = selected(selector, index);
      return series.length > 0 && series.every(({ emitted }) => emitted === "success");
    };
    return readAlerts(plan).flatMap(alert => {
      if (alert.origin !== "estate") return [];
      const asked = [...walk(alert.parsed)].filter(isFailureTest).flatMap(selectorsOf);
      const first = asked.find(isSuccessOnly);
      if (!first || !selectorsOf(alert.parsed).every(isSuccessOnly)) return [];
      const [series] = selected(first, index);
      const job = plan.jobs.find(candidate => candidate.name === series?.emitter);
      const failing =
        job &&
        rulesOf(job, plan)
          .rules.slice(0, 2)
          .map(rule => rule.alert)
          .join(" tells of each failure, ") + " when none succeeds in time";
      return [
        {
          subject: alert.name,
          message: `${alert.name} looks for a failure in ${first.text}, which ${series?.emitter ?? "its job"} writes only when it succeeds: after a failure it still has the value of the last good run.`,
          fix: job
            ? `Remove ${alert.name}: ${failing}.`
            : "Compare the job's status with 0, or the age of its last success.",
          evidence: { metric: first.metric ?? first.text, emitter: series?.emitter ?? "" },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(alertExample("no bytes as the sign of a failure", 'nfs_mirror_bytes{job="nfs-mirror"} == 0'), {
        says: "Remove Extra: NfsMirrorFailing",
        edit: ({ monitoring }) => monitoring.alerts?.pop(),
      }),
      mended(
        alertExample("the same of two dumps", 'sum(backup_bytes{job=~"etcd-backup|vault-backup"}) == 0'),
        { says: "Remove Extra: EtcdBackupFailing", edit: ({ monitoring }) => monitoring.alerts?.pop() },
      ),
    ],
    good: [
      alertExample(
        "no success within a day",
        'changes(backup_last_success_timestamp{job="etcd-backup"}[1d]) == 0',
      ),
      alertExample(
        "the age of the last success",
        'time() - backup_last_success_timestamp{job="etcd-backup"} > 108000',
      ),
      alertExample("a good run that copied too little", 'backup_bytes{job="etcd-backup"} < 1000'),
      alertExample("a status", 'backup_last_status{job="etcd-backup"} != 0'),
    ],
  },
});

/** A comparison with zero of a value that isn't an age: how a failure is asked for. Over a range, "no change" means no success. */
function isFailureTest(expr: Expr): boolean {
  if (!isComparison(expr) || !(expr.op === "==" || expr.op === "!=")) return false;
  const isOverRange = [...walk(expr)].some(part => part.kind === "range");
  return !isOverRange && partsOf(expr).some(part => part.kind === "number" && part.value === 0);
}
