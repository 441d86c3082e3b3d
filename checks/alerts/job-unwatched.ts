import type { Job } from "../../plan/job";
import { defineCheck, type Finding } from "../check";
import { example, mended } from "../examples";

/**
 * Every job has its alerts by the plan; what can still blind them is a second job whose metrics land in the same series,
 * and a job that doesn't say how it ended.
 */
export const jobUnwatched = defineCheck({
  code: "alerts/job-unwatched",
  severity: "error",
  title: "A job's failure can't be seen",
  why: "Two jobs that push the same series overwrite each other: one's success hides the other's failure. And a job that reports no status or no success has nothing that an alert could look at.",
  run: plan => {
    const first = new Map<string, Job>();
    return plan.jobs.flatMap((job): Omit<Finding, "code" | "severity">[] => {
      const mute = (["status", "last-success"] as const).filter(
        meaning => !job.metrics.some(metric => metric.meaning === meaning),
      );
      if (mute.length > 0)
        return [
          {
            subject: job.called,
            message: `${job.name} on ${job.host} emits no metric for its ${mute.join(" and ")}: no alert can see it fail.`,
            fix: `Add the metric to the layer ${job.layer}.`,
            evidence: { missing: mute },
          },
        ];
      const group = `{job="${job.metricsJob}",instance="${job.host}"}`;
      const other = first.get(group);
      first.set(group, other ?? job);
      if (!other) return [];
      return [
        {
          subject: job.called,
          message: `${job.called} (${writes(job)}) and ${other.name} (${writes(other)}) both push ${group}: the success of one hides the failure of the other.`,
          fix: "Give each its own name, or let one job do the work of both.",
          evidence: { group, counterexample: [writes(other), writes(job)] },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("one share of a NAS, snapshotted by two jobs", ({ layers }) => {
          const [share] = layers["nas-snapshots"];
          if (share) layers["nas-snapshots"].push({ ...share, schedule: { onCalendar: "*-*-* 11:00:00" } });
        }),
        {
          says: "let one job do the work of both",
          edit: ({ layers }) => layers["nas-snapshots"].splice(1, 1),
        },
      ),
    ],
    good: [
      example("one job of each name on each machine"),
      example("two shares of one NAS", ({ layers }) => {
        const [share] = layers["nas-snapshots"];
        if (share) layers["nas-snapshots"].push({ ...share, share: "/Photos" });
      }),
    ],
  },
});

function writes({ flows, trigger }: Job): string {
  const [flow] = flows;
  return flow ? `"${flow.target.path}" at ${trigger.calendar}` : `at ${trigger.calendar}`;
}
