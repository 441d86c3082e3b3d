import { shortestGap } from "../../plan/calendar";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { example, mirrorExample } from "../examples";

export const budgetOutOfBounds = defineCheck({
  code: "order/budget-out-of-bounds",
  severity: "error",
  title: "Time budget is shorter than a usual run, or longer than the time to the next one",
  why: "The reference system killed a backup job each night by its own time budget, and nobody was told for nine days.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const gap = shortestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
      const tooShort = job.budgetMs <= job.usualRunMs;
      const tooLong = job.timeoutMs + job.trigger.randomizedDelayMs + job.trigger.accuracyMs > gap.ms;
      if (!tooShort && !tooLong) return [];
      const fact = tooShort
        ? `a usual run takes ${formatDuration(job.usualRunMs)}`
        : `two runs can start ${formatDuration(gap.ms)} apart, and its unit may run for ${formatDuration(job.timeoutMs)}`;
      return [
        {
          subject: job.name,
          message: `${job.name} may take ${formatDuration(job.budgetMs)}, but ${fact}.`,
          fix: tooShort ? "Raise budget to twice usualRun at least." : "Lower budget, or run less often.",
          evidence: {
            budgetMs: job.budgetMs,
            usualRunMs: job.usualRunMs,
            timeoutMs: job.timeoutMs,
            shortestGapMs: gap.ms,
          },
        },
      ];
    }),
  examples: {
    bad: [
      mirrorExample("a budget of 20 minutes for a run of 30", { usualRun: "30min", budget: "20min" }),
      example("an hourly job that may take two hours", ({ layers }) => {
        Object.assign(layers["nfs-change-tracker"][0] ?? {}, { budget: "2h", promise: { rpo: "5h" } });
      }),
    ],
    good: [mirrorExample("45 minutes for a run of 20", {})],
  },
});
