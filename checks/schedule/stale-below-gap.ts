import { healthyAge, tightestStaleAfter } from "../../plan/staleness";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { mirrorExample, mended } from "../examples";

export const staleBelowGap = defineCheck({
  code: "schedule/stale-below-gap",
  severity: "error",
  title: "Stale alert is shorter than the longest gap between healthy runs",
  why: "It fires on a healthy day, and an alert that lies gets muted.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const { staleAfterMs, forMs, visibleAfterMs } = job.judged;
      const age = healthyAge(job.trigger, job.budgetMs, visibleAfterMs, plan.estate.years);
      if (staleAfterMs + forMs >= age.ms) return [];
      const tightestSafeMs = tightestStaleAfter(age);
      const counterexample = [age.gapFromMs, age.gapToMs].map(instant => new Date(instant).toISOString());
      return [
        {
          subject: job.called,
          message:
            `${job.called} alerts when its last success is ${formatDuration(staleAfterMs)} old, but on a healthy day it can be ${formatDuration(age.ms)}: ` +
            `the runs of ${counterexample.join(" and ")} start ${formatDuration(age.gapMs)} apart (${job.trigger.zone}), the second may take ` +
            `${formatDuration(job.budgetMs)}, and its metric takes ${formatDuration(visibleAfterMs)} to be seen.`,
          fix: `Remove alert.staleAfter, or set it to ${formatDuration(tightestSafeMs)} at least.`,
          evidence: {
            staleAfterMs,
            healthyAgeMs: age.ms,
            longestGapMs: age.gapMs,
            tightestSafeMs,
            counterexample,
          },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        mirrorExample("24 hours on a daily job", {
          alert: { staleAfter: "24h", for: "5min", receiver: "infra" },
        }),
        {
          says: "Remove alert.staleAfter",
          edit: ({ layers }) => edit(layers["nfs-mirror"][0], { alert: { receiver: "infra" } }),
        },
        {
          says: "set it to 25 h 48 min at least",
          edit: ({ layers }) =>
            edit(layers["nfs-mirror"][0], { alert: { staleAfter: "25h 48min", receiver: "infra" } }),
        },
      ),
    ],
    good: [
      mirrorExample("threshold derived by the plan", {}),
      mirrorExample("27 hours on a daily job", { alert: { staleAfter: "27h", receiver: "infra" } }),
    ],
  },
});
