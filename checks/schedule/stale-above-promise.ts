import type { Plan } from "../../plan";
import { shortestGap } from "../../plan/calendar";
import type { Job } from "../../plan/job";
import { healthyAge, runsMissedBeforeAlert, tightestPromise, tightestStaleAfter } from "../../plan/staleness";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended } from "../examples";
import { oftener } from "../runs-a-day";
import { withDuration } from "../said";
import { withSchedule } from "../schedule-place";

/** Usual runs that a budget has to have room for, and those that make it a slip. */
const [enough, farBeyond] = [2, 10];

/** Whether the budget is many usual runs, and with room for two of them the promise would be kept; what is wrong with it otherwise is told first. */
function isSlip(job: Job, { estate }: Plan): boolean {
  const { budgetMs, timeoutMs, usualRunMs, trigger, judged } = job;
  if (budgetMs <= farBeyond * usualRunMs || timeoutMs <= budgetMs) return false;
  if (timeoutMs >= shortestGap(trigger.schedule, trigger.zone, estate.years).ms) return false;
  return tightestPromise({ ...job, budgetMs: enough * usualRunMs }, estate.years) <= judged.rpoMs;
}

/** The alert must be out before the promise is broken, so everything between the condition and the alert counts. */
export const staleAbovePromise = defineCheck({
  code: "schedule/stale-above-promise",
  severity: "error",
  title: "Stale alert fires only after the promise is broken",
  why: "The reference system alerted on a daily mirror after 16 days: a threshold left over from a weekly schedule. Fifteen nights could fail unseen.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const { staleAfterMs, forMs, visibleAfterMs, rpoMs } = job.judged;
      const noticedMs = staleAfterMs + forMs + visibleAfterMs;
      if (noticedMs <= rpoMs) return [];
      const age = healthyAge(job.trigger, job.budgetMs, visibleAfterMs, plan.estate.years);
      const tightestSafeMs = tightestStaleAfter(age);
      const missedRuns = runsMissedBeforeAlert(job, age.gapFromMs);
      const reachable = tightestPromise(job, plan.estate.years);
      const often = oftener(job, plan);
      return [
        {
          subject: job.called,
          message:
            `${job.called} alerts when its last success is ${formatDuration(staleAfterMs)} old, noticed after ${formatDuration(noticedMs)}, ` +
            `but a loss of at most ${formatDuration(rpoMs)} is promised. ${missedRuns === 1 ? "1 run" : `${missedRuns} runs in a row`} can be missed before anybody hears of it.`,
          fix:
            reachable <= rpoMs
              ? `Remove alert.staleAfter: the plan derives ${formatDuration(tightestSafeMs)}, the tightest value that is silent on every healthy day.`
              : isSlip(job, plan)
                ? `Lower budget, which is ${formatDuration(job.budgetMs)}: a usual run takes ${formatDuration(job.usualRunMs)}, and twice that would do. Or promise at least ${formatDuration(reachable)}.`
                : `Run more often${often === undefined ? "" : `, e.g. at "${often}"`}, shorten the budget (${formatDuration(job.budgetMs)}), or promise at least ${formatDuration(reachable)}: the tightest safe value is ${formatDuration(tightestSafeMs)}.`,
          evidence: { staleAfterMs, noticedAfterMs: noticedMs, promiseMs: rpoMs, missedRuns, tightestSafeMs },
        },
      ];
    }),
  // A run that was left out of a day's is missing from all that rests on it, and a budget of hours is in the way of all that waits.
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    if (job && isSlip(job, plan)) return withDuration(plan.estate, job, "budget", enough * job.usualRunMs);
    const often = job && oftener(job, plan);
    if (!job || often === undefined) return [];
    const estate = withSchedule(plan, job, schedule => {
      if (schedule.cron === undefined) schedule.onCalendar = often;
      else schedule.cron = often;
    });
    return estate ? [estate] : [];
  },
  examples: {
    bad: [
      mended(mirrorExample("16 days on a daily job", { alert: { staleAfter: "16d", receiver: "infra" } }), {
        says: "Remove alert.staleAfter",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { alert: { receiver: "infra" } }),
      }),
      mended(
        example("one run a day of two", ({ layers }) =>
          edit(layers["lvm-pvc-snapshot"][0]?.schedule, { onCalendar: "*-*-* 12:00:00" }),
        ),
        {
          says: 'at "*-*-* 00,12:00:00"',
          edit: ({ layers }) =>
            edit(layers["lvm-pvc-snapshot"][0]?.schedule, { onCalendar: "*-*-* 00,12:00:00" }),
        },
      ),
      mended(mirrorExample("hours for minutes of a budget", { budget: "12h" }), {
        says: "Lower budget",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { budget: "40min" }),
      }),
    ],
    good: [
      mirrorExample("threshold derived by the plan", {}),
      mirrorExample("two days on a job that promises three", {
        promise: { rpo: "3d" },
        alert: { staleAfter: "2d", receiver: "infra" },
      }),
    ],
  },
});
