import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { alertFix } from "../alert-fix";
import { defineCheck } from "../check";
import { alertExample, mended, rewritten } from "../examples";
import { listed } from "../wording";

/** Followed from a last good run on, for ten years. */
export const silentAfterAMiss = defineCheck({
  code: "alerts/silent-after-a-miss",
  severity: "error",
  title: "An alert fires in nothing that can happen to what it looks at",
  why: "It is silent on a healthy day, as it should be, and just as silent when the job fails, isn't started any more or has never run, or when the target is down.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
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
        alertExample(
          "an age in hours beyond ten years",
          'time() - backup_last_success_timestamp{job="etcd-backup"} > 315360000',
        ),
        rewritten("> 90720", 'time() - backup_last_success_timestamp{job="etcd-backup"} > 90720'),
      ),
    ],
    good: [
      alertExample("a failure", 'backup_last_status{job="etcd-backup"} > 0'),
      alertExample("a target that is down", 'up{job="proxmox-host"} == 0'),
    ],
  },
});
