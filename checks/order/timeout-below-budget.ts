import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { mirrorExample, mended } from "../examples";
import { withDuration } from "../said";

/** What a job needs after its budget to end its children, write its metrics and push them: three attempts of 5 s, and as long again. */
const reportMs = 30_000;

export const timeoutBelowBudget = defineCheck({
  code: "order/timeout-below-budget",
  severity: "error",
  title: "The unit's time-out ends before the job's own budget",
  why: "systemd killed the reference's daily backup before its last line, the one that reports, from 2026-04-30 to 2026-05-09: nine nights of failures, and no alert.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const neededMs = job.budgetMs + reportMs;
      if (job.timeoutMs >= neededMs) return [];
      return [
        {
          subject: job.called,
          message: `${job.called} may take ${formatDuration(job.budgetMs)}, but its unit or pod is killed after ${formatDuration(job.timeoutMs)}: it can't stop by itself and say that it failed.`,
          fix: `Remove timeout: the plan derives ${formatDuration(job.budgetMs + 5 * 60_000)}. ${formatDuration(reportMs)} beyond the budget is the least that leaves room to report.`,
          evidence: { budgetMs: job.budgetMs, timeoutMs: job.timeoutMs, neededMs },
        },
      ];
    }),
  // A budget of ten hours for ten minutes is in the way of all that waits for it; the time-out says what was meant.
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    return job && job.timeoutMs > 2 * reportMs
      ? withDuration(plan.estate, job, "budget", job.timeoutMs - 2 * reportMs)
      : [];
  },
  examples: {
    bad: [
      mended(mirrorExample("40 minutes for a budget of 45", { timeout: "40min" }), {
        says: "Remove timeout",
        edit: ({ layers }) => {
          delete layers["nfs-mirror"][0]?.timeout;
        },
      }),
      mended(mirrorExample("a time-out at the budget's very end", { timeout: "45min" }), {
        says: "Remove timeout",
        edit: ({ layers }) => {
          delete layers["nfs-mirror"][0]?.timeout;
        },
      }),
    ],
    good: [
      mirrorExample("time-out derived by the plan", {}),
      mirrorExample("a minute to report in", { timeout: "46min" }),
    ],
  },
});
