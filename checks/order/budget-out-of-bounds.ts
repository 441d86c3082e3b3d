import { shortestGap } from "../../plan/calendar";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { usualMarginMs } from "../../plan/layers/common";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended } from "../examples";
import { withDuration } from "../said";

/** Runs vary by a fifth on any day: a disk that is fuller, a line that others use. */
const leastRoom = 1.2;
/** Ten usual runs in a budget are a slip. */
const farBeyond = 10;

export const budgetOutOfBounds = defineCheck({
  code: "order/budget-out-of-bounds",
  severity: "error",
  title: "Time budget is shorter than a usual run, or longer than the time to the next one",
  why: "The reference system killed a backup job each night by its own time budget, and nobody was told for nine days.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const gap = shortestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
      const tooShort = job.budgetMs < leastRoom * job.usualRunMs;
      // What runs all the time is started once: its calendar says how often it proves that it works, and no second run waits for a first.
      const isStartedAgain = job.deployment.kind !== "service";
      const tooLong =
        isStartedAgain && job.timeoutMs + job.trigger.randomizedDelayMs + job.trigger.accuracyMs > gap.ms;
      if (!tooShort && !tooLong) return [];
      const fact = tooShort
        ? `a usual run takes ${formatDuration(job.usualRunMs)}${job.budgetMs > job.usualRunMs ? ": one that is slower by a fifth is stopped before it is done" : ""}`
        : `two runs can start ${formatDuration(gap.ms)} apart, and its unit may run for ${formatDuration(job.timeoutMs)}`;
      return [
        {
          subject: job.called,
          message: `${job.called} may take ${formatDuration(job.budgetMs)}, but ${fact}.`,
          fix: tooShort
            ? "Raise budget to twice usualRun at least, or set usualRun to what a run takes, if that is less."
            : longestBudgetMs(job, gap.ms) === 0
              ? `${job.timeoutMs > job.budgetMs + usualMarginMs ? `Lower timeout to ${formatDuration(job.budgetMs + usualMarginMs)}, or run` : "Run"} less often than every ${formatDuration(leastGapMs(job))}.`
              : `Lower budget to ${formatDuration(longestBudgetMs(job, gap.ms))} at most${job.budgetMs > farBeyond * job.usualRunMs ? ` (twice a usual run is ${formatDuration(2 * job.usualRunMs)})` : ""}, or run less often than every ${formatDuration(leastGapMs(job))}.`,
          evidence: {
            budgetMs: job.budgetMs,
            usualRunMs: job.usualRunMs,
            timeoutMs: job.timeoutMs,
            shortestGapMs: gap.ms,
          },
        },
      ];
    }),
  // A run that is said to take hours is in the way of all that starts in them, and late for what waits for it; so is its budget.
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    return job
      ? [
          ...withDuration(plan.estate, job, "usualRun", job.budgetMs / 10),
          ...withDuration(plan.estate, job, "budget", job.usualRunMs * 2),
        ]
      : [];
  },
  examples: {
    bad: [
      mended(
        mirrorExample("a budget of 20 minutes for a run of 30", { usualRun: "30min", budget: "20min" }),
        { says: "twice usualRun", edit: ({ layers }) => edit(layers["nfs-mirror"][0], { budget: "1h" }) },
        {
          says: "set usualRun to what a run takes",
          edit: ({ layers }) => edit(layers["nfs-mirror"][0], { usualRun: "3min" }),
        },
      ),
      mended(mirrorExample("a minute more than a usual run takes", { usualRun: "20min", budget: "21min" }), {
        says: "twice usualRun",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { budget: "45min" }),
      }),
      mended(mirrorExample("three days until a unit is ended", { timeout: "3d" }), {
        says: "Lower timeout to 50 min",
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { timeout: "50min" }),
      }),
      mended(
        example("hourly snapshots that may take two hours", ({ layers }) => {
          edit(layers["lvm-pvc-snapshot"][0], { schedule: { onCalendar: "*-*-* *:50:00" }, budget: "2h" });
          edit(layers["daily-backup"][0]?.schedule, { after: ["lvm-pvc-snapshot"] });
        }),
        {
          says: "Lower budget",
          edit: ({ layers }) => edit(layers["lvm-pvc-snapshot"][0], { budget: "50min" }),
        },
        {
          says: "run less often",
          edit: ({ layers }) =>
            edit(layers["lvm-pvc-snapshot"][0], {
              schedule: { onCalendar: "00/4:50" },
              promise: { rpo: "9h" },
            }),
        },
      ),
    ],
    good: [
      mirrorExample("45 minutes for a run of 20", {}),
      mirrorExample("a quarter more than a usual run takes", { usualRun: "20min", budget: "25min" }),
      example("what runs all the time, and proves it each half hour", ({ layers }) =>
        edit(layers["nfs-change-tracker"][0], {
          ...{ schedule: { onCalendar: "*-*-* *:00,30:00" }, budget: "20min", timeout: "40min" },
        }),
      ),
    ],
  },
});

/** What a job needs between two starts beside its budget: time to report, and the delays of a start. In ms. */
function besideBudgetMs({ timeoutMs, budgetMs, trigger }: Job): number {
  return timeoutMs - budgetMs + trigger.randomizedDelayMs + trigger.accuracyMs;
}

function leastGapMs(job: Job): number {
  return job.budgetMs + besideBudgetMs(job);
}

function longestBudgetMs(job: Job, gapMs: number): number {
  return Math.max(Math.floor((gapMs - besideBudgetMs(job)) / 60_000) * 60_000, 0);
}
