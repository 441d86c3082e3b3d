import { healthyAge, runsMissedBeforeAlert, tightestPromise, tightestStaleAfter } from "../../plan/staleness";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { mirrorExample, mended } from "../examples";

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
      return [
        {
          subject: job.called,
          message:
            `${job.called} alerts when its last success is ${formatDuration(staleAfterMs)} old, noticed after ${formatDuration(noticedMs)}, ` +
            `but a loss of at most ${formatDuration(rpoMs)} is promised. ${missedRuns === 1 ? "1 run" : `${missedRuns} runs in a row`} can be missed before anybody hears of it.`,
          fix:
            reachable <= rpoMs
              ? `Remove alert.staleAfter: the plan derives ${formatDuration(tightestSafeMs)}, the tightest value that is silent on every healthy day.`
              : `Run more often, shorten the budget (${formatDuration(job.budgetMs)}), or promise at least ${formatDuration(reachable)}: the tightest safe value is ${formatDuration(tightestSafeMs)}.`,
          evidence: { staleAfterMs, noticedAfterMs: noticedMs, promiseMs: rpoMs, missedRuns, tightestSafeMs },
        },
      ];
    }),
  examples: {
    bad: [
      mended(mirrorExample("16 days on a daily job", { alert: { staleAfter: "16d", receiver: "infra" } }), {
        says: "Remove alert.staleAfter",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { alert: { receiver: "infra" } }),
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
