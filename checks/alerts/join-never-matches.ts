import { readAlerts } from "../../alerts/alert";
import { evaluate } from "../../alerts/promql/evaluate";
import type { Binary } from "../../alerts/promql/syntax";
import { type Labels, seriesOf } from "../../alerts/series";
import { alertFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";

export const joinNeverMatches = defineCheck({
  code: "alerts/join-never-matches",
  severity: "error",
  title: "An alert joins two metrics that share no labels, or several at once",
  why: "Prometheus matches two sides by all of their labels. Two exporters' series never have the same job label, so the join is empty for good; and where one series meets two, the rule fails each time it is evaluated.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      // The plan's own join each series with itself: where that is two, two jobs have one name, which is told of them.
      if (alert.origin !== "estate") return [];
      const found: { expr: Binary; left: Labels; right: Labels; ambiguous?: Labels }[] = [];
      evaluate(alert.parsed, index, {
        joined: (expr, left, right, { pairs, samples, ambiguous }) => {
          const [a, b] = [left[0]?.labels, right[0]?.labels];
          if (a === undefined || b === undefined || expr.op === "or" || expr.op === "unless") return;
          if (pairs.length === 0 && samples.length === 0) found.push({ expr, left: a, right: b });
          else if (ambiguous) found.push({ expr, left: a, right: b, ambiguous });
        },
      });
      return found.map(({ expr, left, right, ambiguous }) => ({
        subject: alert.name,
        message: ambiguous
          ? `${alert.name}: in ${expr.text} several series have the labels ${shown(ambiguous)}, and the operator takes one of each side. Prometheus stops with an error.`
          : `${alert.name}: in ${expr.text} no series of the left has the labels of one of the right, e.g. ${shown(left)} and ${shown(right)}. The result is always empty.`,
        fix: alertFix(
          alert,
          plan,
          ambiguous
            ? "Aggregate the side that has several, by the labels of the other one."
            : "Aggregate both sides by a label that they share, or compare each of them in an alert of its own.",
        ),
        evidence: { expr: expr.text, counterexample: [shown(left), shown(right)] },
      }));
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "two jobs' dumps, matched by their job label too",
          'backup_bytes{job="etcd-backup"} / backup_bytes{job="vault-backup"} > 100',
        ),
        rewritten(
          "on(instance)",
          'backup_bytes{job="etcd-backup"} / on(instance) backup_bytes{job="vault-backup"} > 100',
        ),
      ),
      mended(
        alertExample(
          "a status of the host, when the exporter is up",
          'nfs_mirror_last_status{job="nfs-mirror"} != 0 and up{job="proxmox-host"} == 1',
        ),
        rewritten(
          "on(instance)",
          'nfs_mirror_last_status{job="nfs-mirror"} != 0 and on(instance) up{job="proxmox-host"} == 1',
        ),
      ),
      mended(
        alertExample(
          "one value for three mount points",
          'node_filesystem_avail_bytes{job="proxmox-host"} * on(instance) up{job="proxmox-host"} < 1e9',
        ),
        rewritten(
          "group_left",
          'node_filesystem_avail_bytes{job="proxmox-host"} * on(job, instance) group_left up{job="proxmox-host"} < 1e9',
        ),
      ),
      mended(
        alertExample(
          "the sum of all disks, divided by the size of each",
          "sum(node_filesystem_avail_bytes) / node_filesystem_size_bytes < 0.1",
        ),
        rewritten(
          "sum by (mountpoint)",
          "sum by (mountpoint) (node_filesystem_avail_bytes) / on(mountpoint) node_filesystem_size_bytes < 0.1",
        ),
      ),
    ],
    good: [
      alertExample(
        "the same, but for the job label",
        'backup_bytes{job="etcd-backup"} / ignoring(job) backup_bytes{job="vault-backup"} > 100',
      ),
      alertExample(
        "one value for three, with group_left",
        'node_filesystem_avail_bytes{job="proxmox-host"} * on(instance) group_left up{job="proxmox-host"} < 1e9',
      ),
    ],
  },
});

function shown(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",")}}`;
}
