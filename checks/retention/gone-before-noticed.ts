import { longestGap } from "../../plan/calendar";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const goneBeforeNoticed = defineCheck({
  code: "retention/gone-before-noticed",
  severity: "error",
  title: "The last generation is deleted before the alert about the missing ones fires",
  why: "An alert after nine days on dumps that are kept for seven tells that there are no backups any more, not that they are about to go.",
  run: plan =>
    plan.jobs.flatMap(job =>
      job.flows.flatMap(({ retention, target }) => {
        if (retention.kind !== "age" || retention.atLeast > 0) return [];
        const { staleAfterMs, forMs, visibleAfterMs } = job.judged;
        const noticedMs = staleAfterMs + forMs + visibleAfterMs;
        const gap = longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
        // Kept for less than two gaps: retention/below-gap, whatever the alert does.
        if (retention.ms > noticedMs || retention.ms < 2 * gap.ms) return [];
        return [
          {
            subject: job.called,
            message: `${job.called} deletes what is older than ${formatDuration(retention.ms)} in ${placeText(target)}, but that it makes nothing new is noticed after ${formatDuration(noticedMs)}: by then all is gone.`,
            fix: `Set atLeast to 3, keep for more than ${formatDuration(noticedMs)}, or remove alert.staleAfter.`,
            evidence: { keptMs: retention.ms, noticedAfterMs: noticedMs, path: placeText(target) },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("an alert after eight days on dumps of a week", ({ layers }) =>
          edit(layers["cluster-dump"][0], {
            keep: { age: "7d", atLeast: 0 },
            promise: { rpo: "9d" },
            alert: { staleAfter: "8d", receiver: "infra" },
          }),
        ),
        {
          says: "Set atLeast to 3",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "7d", atLeast: 3 } }),
        },
        {
          says: "remove alert.staleAfter",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { alert: { receiver: "infra" } }),
        },
      ),
    ],
    good: [
      example("dumps of 30 days, an alert on the second day"),
      example("three generations that stay, however old", ({ layers }) =>
        edit(layers["cluster-dump"][0], {
          keep: { age: "7d", atLeast: 3 },
          promise: { rpo: "9d" },
          alert: { staleAfter: "8d", receiver: "infra" },
        }),
      ),
    ],
  },
});
