import { readAlerts } from "../../alerts/alert";
import { flawOf } from "../../alerts/flaw";
import { formatDuration } from "../../plan/units/duration";
import { alertFix, removeFix } from "../alert-fix";
import { defineCheck, type Found } from "../check";
import { alertExample, mended, rewritten } from "../examples";
import { instantText } from "../wording";

const [avail, size] = ["avail", "size"].map(
  what => `node_filesystem_${what}_bytes{job="proxmox-host",mountpoint="/srv/nfs"}`,
);
const share = `${avail ?? ""} / ${size ?? ""}`;
const compared = "offsite_sync_oldest_verified_timestamp";
const owed = "offsite_sync_leg_oldest_change_timestamp";
const success = 'backup_last_success_timestamp{job="etcd-backup"}';

/** Each alert of the estate's own is followed through the longest gap that the calendar leaves, all runs healthy. */
export const firesWhenHealthy = defineCheck({
  code: "alerts/fires-when-healthy",
  severity: "error",
  title: "An alert fires though nothing is wrong",
  why: "Twenty hours on a daily job, hours where seconds are meant, a comparison the wrong way round: it fires each day, is muted, and stays muted on the day when it is right.",
  run: plan =>
    readAlerts(plan).flatMap((alert): Found[] => {
      const flaw = flawOf(alert, plan);
      if (flaw?.kind === "roomy")
        return [
          {
            subject: alert.name,
            message: `${alert.name} fires while all is well: ${alert.rule.expr} is true where ${flaw.freeShare * 100} % of the room is free.`,
            fix: alertFix(
              alert,
              plan,
              `Compare the share that is free, e.g. "< ${flaw.little}": a low one is bad, and where all is full it is 0.`,
            ),
            evidence: { expr: alert.rule.expr, freePercent: flaw.freeShare * 100 },
          },
        ];
      if (flaw?.kind === "in-turn")
        return [
          {
            subject: alert.name,
            message:
              `${alert.name} fires while all is well: ${alert.rule.expr} is true where ${flaw.metric} is ${formatDuration(flaw.ageMs)} ago, ` +
              `and all has its turn within ${formatDuration(flaw.dueMs)}.`,
            fix: alertFix(
              alert,
              plan,
              `Compare the age of ${flaw.metric} with ${formatDuration(flaw.dueMs)} or more (> ${flaw.dueMs / 1000}).`,
            ),
            evidence: { expr: alert.rule.expr, ageMs: flaw.ageMs, dueMs: flaw.dueMs },
          },
        ];
      if (flaw?.kind !== "healthy") return [];
      const { job, atMs, ageMs, between } = flaw;
      const counterexample = [...between, atMs].map(instantText);
      if (!job)
        return [
          {
            subject: alert.name,
            message: `${alert.name} fires while all is well: ${alert.rule.expr} is true for targets that are up and whose flags are 1.`,
            fix: alertFix(alert, plan, `Turn ${alert.name}'s comparison round: 1 is good, 0 is bad.`),
            evidence: { expr: alert.rule.expr, counterexample },
          },
        ];
      return [
        {
          subject: alert.name,
          message:
            `${alert.name} fires at ${instantText(atMs)} though no run of ${job.name} failed: its last success is ${formatDuration(ageMs)} old then, ` +
            `and healthy runs can start ${formatDuration((between[1] ?? 0) - (between[0] ?? 0))} apart (${job.trigger.calendar}, ${job.trigger.zone}).`,
          fix: alertFix(alert, plan, removeFix(alert, job, plan)),
          evidence: { expr: alert.rule.expr, job: job.name, ageMs, counterexample },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        alertExample("20 hours on a daily job", `time() - ${success} > 72000`),
        rewritten("> 90720", `time() - ${success} > 90720`),
      ),
      mended(
        alertExample("26 seconds, and hours are meant", `time() - ${success} > 26`),
        rewritten("> 93600 (93600 s are 26 h)", `time() - ${success} > 93600`),
      ),
      mended(
        alertExample("an age that is too small", `time() - ${success} < 93600`),
        rewritten("> 93600", `time() - ${success} > 93600`),
      ),
      mended(
        alertExample("a success as the sign of a failure", 'backup_last_status{job="etcd-backup"} == 0'),
        rewritten(
          'Write backup_last_status{job="etcd-backup"} != 0',
          'backup_last_status{job="etcd-backup"} != 0',
        ),
      ),
      mended(
        alertExample("a target that is up", 'up{job="proxmox-host"} == 1'),
        rewritten('Write up{job="proxmox-host"} == 0', 'up{job="proxmox-host"} == 0'),
      ),
      mended(
        alertExample("room that is free as a sign of a full disk", `${share} > 0.15`),
        rewritten("< 0.15", `${share} < 0.15`),
      ),
      mended(
        alertExample("a disk that is full when a twentieth is used", `${share} < 0.95`),
        rewritten("", `${share} < 0.15`),
      ),
      mended(
        alertExample("volumes that fail, compared the wrong way round", "daily_backup_failed_volumes == 0"),
        rewritten("Write daily_backup_failed_volumes != 0", "daily_backup_failed_volumes != 0"),
      ),
      mended(
        alertExample("an offset that adds a day to each age", `time() - ${success} offset 1d > 93600`),
        rewritten(`Write time() - ${success} > 93600`, `time() - ${success} > 93600`),
      ),
      mended(
        alertExample("an hour, and a night's run sends what is owed", `time() - ${owed} > 3600`),
        rewritten("> ", `time() - ${owed} > 97380`),
      ),
      mended(
        alertExample("a week, where each file has its turn in sixty days", `time() - ${compared} > 604800`),
        rewritten("> 5184000 (5184000 s are 60 d)", `time() - ${compared} > 5184000`),
      ),
      mended(
        alertExample("one that has had its turn", `time() - ${compared} < 5184000`),
        rewritten("> 5184000", `time() - ${compared} > 5184000`),
      ),
    ],
    good: [
      alertExample("26 hours on a daily job that takes ten minutes", `time() - ${success} > 93600`),
      alertExample("a file that has missed its turn", `time() - ${compared} > 5184000`),
      alertExample("the same in days", `(time() - ${compared}) / 86400 > 60`),
      alertExample("twenty-six hours in hours", `(time() - ${success}) / 3600 > 26`),
      alertExample("no success within 26 hours", `changes(${success}[26h]) == 0`),
      alertExample("a disk that is half full", `${share} < 0.5`),
      alertExample("a disk from which nearly all is gone", `${share} > 0.95`),
      alertExample("a disk with less than 50 GB", `${avail ?? ""} < 50e9`),
      alertExample("an instant that hasn't come", `${success} > time() + 3600`),
    ],
  },
});
