import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { formatDuration } from "../../plan/units/duration";
import { alertFix } from "../alert-fix";
import { defineCheck, type Found } from "../check";
import { alertExample, mended, rewritten } from "../examples";
import { listed } from "../wording";

const avail = (mount: string): string =>
  `node_filesystem_avail_bytes{job="proxmox-host",mountpoint="${mount}"}`;
const share = (mount: string): string => `${avail(mount)} / ${avail(mount).replace("avail", "size")}`;

/** Followed from a last good run on, for ten years. */
export const silentAfterAMiss = defineCheck({
  code: "alerts/silent-after-a-miss",
  severity: "error",
  title: "An alert fires in nothing that can happen to what it looks at",
  why: "It is silent on a healthy day, as it should be, and just as silent when the job fails, isn't started any more or has never run, or when the target is down.",
  run: plan =>
    readAlerts(plan).flatMap((alert): Found[] => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind === "full-unseen")
        return [
          {
            subject: alert.name,
            message: `${alert.name} is silent while ${flaw.of} has ${flaw.freeShare * 100} % of its room left: ${alert.rule.expr} stays false until it is full, or for good.`,
            fix: alertFix(
              alert,
              plan,
              `Compare each file system's own share that is free with one that leaves time to act, e.g. "< 0.15".`,
            ),
            evidence: { expr: alert.rule.expr, freePercent: flaw.freeShare * 100, of: flaw.of },
          },
        ];
      if (flaw?.kind === "late-unseen")
        return [
          {
            subject: alert.name,
            message: `${alert.name} never fires: ${alert.rule.expr} stays false however long ago ${flaw.metric} is, and where it is gone; all is to have its turn within ${formatDuration(flaw.dueMs)}.`,
            fix: alertFix(
              alert,
              plan,
              `Compare the age of ${flaw.metric} with ${formatDuration(flaw.dueMs)} or more (> ${flaw.dueMs / 1000}).`,
            ),
            evidence: { expr: alert.rule.expr, dueMs: flaw.dueMs },
          },
        ];
      if (flaw?.kind !== "silent") return [];
      return [
        {
          subject: alert.name,
          message: `${alert.name} never fires: ${alert.rule.expr} stays false when ${listed(flaw.of)} fails, stops, is gone, or is down; looked at for ten years from a last good run on.`,
          fix: alertFix(
            alert,
            plan,
            `Remove ${alert.name}, or compare what changes when ${listed(flaw.of)} fails.`,
          ),
          evidence: { expr: alert.rule.expr, of: flaw.of },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample(
          "a failure that is a success too",
          'backup_last_status{job="etcd-backup"} != 0 and on(instance) backup_last_status{job="etcd-backup"} == 0',
        ),
        rewritten(
          'and on(instance) backup_last_status{job="etcd-backup"} != 0',
          'backup_last_status{job="etcd-backup"} != 0 and on(instance) backup_last_status{job="etcd-backup"} != 0',
        ),
      ),
      mended(
        alertExample("a disk that is full before it is told", `${share("/srv/nfs")} < 0.0015`),
        rewritten("", `${share("/srv/nfs")} < 0.15`),
      ),
      mended(
        alertExample(
          "one full disk among several",
          "sum(node_filesystem_avail_bytes) / sum(node_filesystem_size_bytes) < 0.15",
        ),
        rewritten("", "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.15"),
      ),
      mended(
        alertExample(
          "an age in hours beyond ten years",
          'time() - backup_last_success_timestamp{job="etcd-backup"} > 315360000',
        ),
        rewritten("> 90720", 'time() - backup_last_success_timestamp{job="etcd-backup"} > 90720'),
      ),
      mended(
        alertExample(
          "an age that is asked for twice, too small and too large",
          "time() - backup_scrub_oldest_verified_timestamp > 2592000 and time() - backup_scrub_oldest_verified_timestamp < 600",
        ),
        rewritten("", "time() - backup_scrub_oldest_verified_timestamp > 2592000"),
      ),
    ],
    good: [
      alertExample("a disk with a hundredth left", `${share("/srv/nfs")} < 0.01`),
      alertExample("two disks by one rule", `${share("/srv/nfs")} < 0.1 or ${share("/mnt/backup")} < 0.2`),
      alertExample("how soon a disk is full", `predict_linear(${avail("/srv/nfs")}[6h], 86400) < 0`),
      alertExample("a failure", 'backup_last_status{job="etcd-backup"} > 0'),
      alertExample("a target that is down", 'up{job="proxmox-host"} == 0'),
    ],
  },
});
