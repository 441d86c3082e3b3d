import { longestGap } from "../../plan/calendar";
import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { longestWait } from "../source-wait";
import { instantText } from "../wording";

export const outlivedBySource = defineCheck({
  code: "retention/outlived-by-source",
  severity: "error",
  title: "Generations are deleted before the job that copies them comes",
  why: "Two jobs meet only by the clock. A snapshot that is kept for three hours and read four hours later isn't there, and a copier that finds nothing reports nothing.",
  run: plan => {
    const told = new Set<string>();
    return plan.copies.flatMap(({ from, job }) => {
      if (from?.flow.retention.kind !== "age" || from.flow.retention.atLeast > 0) return [];
      const pair = `${from.job.host}/${from.job.name} ${from.flow.target.path} ${job.host}/${job.name}`;
      if (told.has(pair)) return [];
      told.add(pair);
      const keptMs = from.flow.retention.ms;
      const wait = longestWait(from.job, job, plan);
      if (!wait || wait.ms <= keptMs) return [];
      const counterexample = [wait.madeMs, wait.readMs].map(instantText);
      return [
        {
          subject: from.job.called,
          message: `${from.job.called} keeps its generations for ${formatDuration(keptMs)}, and ${job.called} comes for them up to ${formatDuration(wait.ms)} later: what is made at ${counterexample.join(" is gone at ")}.`,
          fix: `Keep them for ${formatDuration(safeKeepMs(from.job, wait.ms, plan))} at least, or start ${job.called} sooner after it.`,
          evidence: { keptMs, waitMs: wait.ms, copier: job.called, counterexample },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("snapshots of three hours for a copier that comes after four", ({ layers }) =>
          edit(layers["lvm-pvc-snapshot"][0], { keep: { age: "3h", atLeast: 0 } }),
        ),
        {
          says: "Keep them for 26 h at least",
          edit: ({ layers }) => edit(layers["lvm-pvc-snapshot"][0], { keep: { age: "26h", atLeast: 0 } }),
        },
      ),
    ],
    good: [
      example("snapshots of a week"),
      example("at least one generation, however old", ({ layers }) =>
        edit(layers["lvm-pvc-snapshot"][0], { keep: { age: "14h", atLeast: 1 } }),
      ),
    ],
  },
});

/** The least time that outlives the wait, and a missed run of its own too: less is retention/below-gap's. In ms. */
function safeKeepMs({ trigger }: Job, waitMs: number, plan: Plan): number {
  const gap = longestGap(trigger.schedule, trigger.zone, plan.estate.years);
  return Math.ceil(Math.max(waitMs, 2 * gap.ms) / 3_600_000) * 3_600_000;
}
