import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { formatDuration } from "../../plan/units/duration";
import { alertFix, removeFix } from "../alert-fix";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { alertExample, mended, rewritten } from "../examples";

const success = 'backup_last_success_timestamp{job="etcd-backup"}';

/** Each alert of the estate's own is followed from a job's last good run on: it fails from then on, or isn't started any more. */
export const laterThanPromise = defineCheck({
  code: "alerts/later-than-promise",
  severity: "error",
  title: "An alert fires only after the promise of the job that it watches is broken",
  why: "Nine days on a daily job, a threshold left over from a weekly one, milliseconds where seconds are meant: the alert is right, and comes when what was promised is lost.",
  run: plan =>
    readAlerts(plan).flatMap(alert => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind !== "late") return [];
      const { job, noticedMs, promisedMs } = flaw;
      return [
        {
          subject: alert.name,
          message: `${alert.name} fires ${formatDuration(noticedMs)} after the last good run of ${job.name} (${job.trigger.calendar}), of which a loss of ${formatDuration(promisedMs)} at most is promised.`,
          fix: alertFix(alert, plan, removeFix(alert, job, plan)),
          evidence: {
            expr: alert.rule.expr,
            job: job.name,
            noticedAfterMs: noticedMs,
            promiseMs: promisedMs,
          },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample("nine days on a daily job", `time() - ${success} > 777600`),
        rewritten("> 90720 (90720 s are 25 h 12 min)", `time() - ${success} > 90720`),
      ),
      mended(
        alertExample("26 hours in milliseconds", `time() - ${success} > 93600000`),
        rewritten("> 93600", `time() - ${success} > 93600`),
      ),
      mended(
        alertExample("a failure that has to last for two days", 'backup_last_status{job="etcd-backup"} > 0', {
          for: "2d",
        }),
        {
          says: 'Write for: "5min"',
          edit: ({ monitoring }) => edit(monitoring.alerts?.at(-1), { for: "5min" }),
        },
      ),
    ],
    good: [
      alertExample("26 hours on a job that promises 27", `time() - ${success} > 93600`),
      alertExample("a failure, at once", 'backup_last_status{job="etcd-backup"} > 0', { for: "0s" }),
    ],
  },
});
