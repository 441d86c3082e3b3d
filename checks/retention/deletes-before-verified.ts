import type { Retention } from "../../plan/retention";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const deletesBeforeVerified = defineCheck({
  code: "retention/deletes-before-verified",
  severity: "error",
  title: "Older generations are deleted although the new one isn't verified",
  why: "A dump that was cut off has a date and a name like any other. Rotation counts it, and after a month of them the last good one is deleted on schedule.",
  run: plan =>
    plan.jobs.flatMap(job =>
      job.flows
        .filter(({ verified }) => !verified)
        .map(({ target, retention }) => ({
          subject: job.called,
          message: `${job.called} deletes from ${placeText(target)} all but ${keptText(retention)} and never reads a new one back: when they are all bad, the last good one is deleted too.`,
          fix: "Set verified: true, so that each dump is read back before an older one goes.",
          evidence: { path: placeText(target), keeps: keptText(retention) },
        })),
    ),
  examples: {
    bad: [
      mended(
        example("dumps that nobody reads back", ({ layers }) =>
          edit(layers["cluster-dump"][0], { verified: false }),
        ),
        {
          says: "Set verified: true",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { verified: true }),
        },
      ),
    ],
    good: [example("dumps that are read back")],
  },
});

function keptText(retention: Retention): string {
  switch (retention.kind) {
    case "latest":
      return "the latest one";
    case "age":
      return `the last ${formatDuration(retention.ms)}`;
    case "count":
      return `${retention.count} generations`;
    case "tiers":
      return retention.tiers.map(({ count, every }) => `${count} by ${every}`).join(", ");
  }
}
