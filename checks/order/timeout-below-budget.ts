import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
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
      const within = budgetWithin(job);
      return [
        {
          subject: job.called,
          message: `${job.called} may take ${formatDuration(job.budgetMs)}, but its unit or pod is killed after ${formatDuration(job.timeoutMs)}: it can't stop by itself and say that it failed.`,
          fix: `Remove timeout: the plan derives ${formatDuration(job.budgetMs + 5 * 60_000)}. ${formatDuration(reportMs)} beyond the budget is the least that leaves room to report.${within === undefined ? "" : ` Or lower budget to ${formatDuration(within)}, if a run is to end by then.`}`,
          evidence: { budgetMs: job.budgetMs, timeoutMs: job.timeoutMs, neededMs },
        },
      ];
    }),
  // A budget of ten hours for ten minutes is in the way of all that waits for it; the time-out says what was meant.
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const within = job && budgetWithin(job);
    return job && within !== undefined ? withDuration(plan.estate, job, "budget", within) : [];
  },
  examples: {
    bad: [
      mended(mirrorExample("40 minutes for a budget of 45", { timeout: "40min" }), {
        says: "Remove timeout",
        edit: ({ layers }) => {
          delete layers["nfs-mirror"][0]?.timeout;
        },
      }),
      mended(mirrorExample("hours for minutes", { budget: "10h", timeout: "46min" }), {
        says: "lower budget to 45 min",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { budget: "45min" }),
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

/** The budget that a job's time-out has room for, in ms; nothing where a usual run needs more. */
function budgetWithin({ timeoutMs, usualRunMs }: Job): number | undefined {
  const budgetMs = timeoutMs - 2 * reportMs;
  return budgetMs >= 2 * usualRunMs ? budgetMs : undefined;
}
