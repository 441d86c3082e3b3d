import { allAlerts } from "../../alerts/alert";
import { PromqlSyntaxError } from "../../alerts/promql/parse";
import { defineCheck } from "../check";
import { alertExample } from "../examples";

export const syntax = defineCheck({
  code: "alerts/syntax",
  severity: "error",
  title: "An alert's expression isn't PromQL",
  why: "Prometheus refuses the whole rule file for one bad expression: at the next reload every alert in it stays as it was, and after a restart there is none.",
  run: plan =>
    allAlerts(plan).flatMap(({ name, rule, parsed }) =>
      parsed instanceof PromqlSyntaxError
        ? [
            {
              subject: name,
              message: `${name}: ${JSON.stringify(rule.expr)} ${parsed.message}.`,
              fix: `Mend the expression at character ${parsed.at + 1}.`,
              evidence: { expr: rule.expr, at: parsed.at },
            },
          ]
        : [],
    ),
  examples: {
    bad: [
      alertExample("a comparison with nothing", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} <'),
      alertExample("an assignment", 'backup_last_status{job="etcd-backup"} =! 0'),
      alertExample("a rate without a range", 'rate(node_filesystem_avail_bytes{job="proxmox-host"}) < 0'),
    ],
    good: [
      alertExample("free space of the pool", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
    ],
  },
});
