import { allAlerts } from "../../alerts/alert";
import { PromqlSyntaxError } from "../../alerts/promql/parse";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

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
              fix: `${parsed.mend ?? "Mend the expression"}, at character ${parsed.at + 1}.`,
              evidence: { expr: rule.expr, at: parsed.at },
            },
          ]
        : [],
    ),
  examples: {
    bad: [
      mended(
        alertExample("a comparison with nothing", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} <'),
        rewritten("character 57", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
      ),
      mended(
        alertExample("an assignment", 'backup_last_status{job="etcd-backup"} =! 0'),
        rewritten('Write "!="', 'backup_last_status{job="etcd-backup"} != 0'),
      ),
      mended(
        alertExample("a slope without a range", 'deriv(node_filesystem_avail_bytes{job="proxmox-host"}) < 0'),
        rewritten("[1h]", 'deriv(node_filesystem_avail_bytes{job="proxmox-host"}[1h]) < -1e6'),
      ),
      mended(
        alertExample("a regular expression that looks ahead", 'up{job=~"proxmox-(?!guest).*"} == 0'),
        rewritten("Use two matchers", 'up{job=~"proxmox-.*",job!~"proxmox-guest.*"} == 0'),
      ),
      mended(
        alertExample("a backslash that the text doesn't know", 'up{job=~"proxmox\\.host|proxmox-host"} == 0'),
        rewritten("put the text in backticks", "up{job=~`proxmox\\.host|proxmox-host`} == 0"),
      ),
      mended(
        alertExample(
          "a duration in a number's place",
          'time() - backup_last_success_timestamp{job="etcd-backup"} > 26h',
        ),
        rewritten(
          "Write 93600, in seconds",
          'time() - backup_last_success_timestamp{job="etcd-backup"} > 93600',
        ),
      ),
    ],
    good: [
      alertExample("free space of the pool", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15'),
    ],
  },
});
