import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { awaited } from "../windows";

export const afterCycle = defineCheck({
  code: "order/after-cycle",
  severity: "error",
  title: "Jobs wait for one another in a circle",
  why: "systemd breaks such a circle by dropping one of its jobs from the transaction, a different one each time, and says so in a line of the journal that nobody reads.",
  run: plan =>
    cyclesOf(plan).map(cycle => {
      const names = cycle.map(job => job.called);
      const [first = ""] = names;
      const path = [...names, first].join(" after ");
      return {
        subject: first,
        message:
          names.length === 1 ? `${first} comes after itself.` : `${path}: each of them waits for the others.`,
        fix: `Remove "${(cycle[1] ?? cycle[0])?.name ?? first}" from the after of ${first}, or the one that was added last.`,
        evidence: { counterexample: [...names, first] },
      };
    }),
  examples: {
    bad: [
      mended(
        example("two jobs after one another", ({ layers }) => {
          const [mirror] = layers["nfs-mirror"];
          const [daily] = layers["daily-backup"];
          if (mirror) mirror.schedule.after = ["daily-backup"];
          if (daily) daily.schedule.after = ["nfs-mirror"];
        }),
        {
          says: 'Remove "daily-backup" from the after of nfs-mirror',
          edit: ({ layers }) => edit(layers["nfs-mirror"][0]?.schedule, { after: [] }),
        },
      ),
      mended(
        example("a circle of three", ({ layers }) => {
          const [mirror] = layers["nfs-mirror"];
          const [daily] = layers["daily-backup"];
          if (mirror) mirror.schedule.after = ["offsite-sync-backup"];
          if (daily) daily.schedule.after = ["nfs-mirror"];
        }),
        {
          says: 'Remove "offsite-sync-backup" from the after of nfs-mirror',
          edit: ({ layers }) => edit(layers["nfs-mirror"][0]?.schedule, { after: [] }),
        },
      ),
    ],
    good: [
      example("a line of three", ({ layers }) => {
        const [daily] = layers["daily-backup"];
        if (daily) daily.schedule.after = ["nfs-mirror"];
      }),
    ],
  },
});

/** Each circle once, from the job that the plan lists first. */
function cyclesOf(plan: Plan): Job[][] {
  const found: Job[][] = [];
  const done = new Set<Job>();
  const walk = (job: Job, path: readonly Job[]): void => {
    const at = path.indexOf(job);
    if (at >= 0) found.push(path.slice(at));
    if (at >= 0 || done.has(job)) return;
    for (const next of awaited(job, plan)) walk(next, [...path, job]);
    done.add(job);
  };
  for (const job of plan.jobs) walk(job, []);
  return found;
}
