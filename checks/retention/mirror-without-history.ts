import { layerGiving } from "../../plan/layers";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort, type Protection } from "../protection";
import type { Plan } from "../../plan";
import { formatDuration } from "../../plan/units/duration";
import { yearsOf } from "../../plan/graph/loss";
import { counted, listed, placeText } from "../wording";

export const mirrorWithoutHistory = defineCheck({
  code: "retention/mirror-without-history",
  severity: "error",
  title: "Every copy of a dataset follows the original, and none keeps an earlier state",
  why: "A mirror carries a deletion, an encryption and a broken database as faithfully as data. Copies that all hold the latest state are one copy after the next night.",
  run: plan =>
    fallingShort(plan, "mirror-without-history").map(protection => {
      const { dataset, copies } = protection;
      const followedMs = followedAfterMs(protection, plan);
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `${dataset.id} has ${counted(copies.length, "copy", "copies")} (${listed(paths)}), each of the latest state alone: ${formatDuration(followedMs)} after a mistake all of them have it.`,
        fix: `Keep generations on one of the hops: snapshots of the NAS's share for a week, or ${layerGiving("generations of volumes")}'s weekly generations.`,
        evidence: {
          paths,
          followedAfterMs: followedMs,
          jobs: [...new Set(copies.map(({ job }) => job.called))],
        },
      };
    }),
  examples: {
    bad: [
      mended(
        example("a NAS that keeps one snapshot, made anew each day", ({ layers }) =>
          edit(layers["nas-snapshots"][0], { keep: { count: 1 } }),
        ),
        {
          says: "for a week",
          edit: ({ layers }) => edit(layers["nas-snapshots"][0], { keep: { age: "7d" } }),
        },
      ),
    ],
    good: [example("snapshots of a week behind the mirrors")],
  },
});

/** The longest time until a change is in every copy. */
function followedAfterMs({ copies }: Protection, plan: Plan): number {
  const timeline = yearsOf(plan);
  return Math.max(
    ...copies.map(copy => {
      const { readMs, availableMs } = timeline.versionsOf(copy);
      return availableMs.reduce((worst, available, index) => {
        const before = readMs[index - 1];
        return before === undefined ? worst : Math.max(worst, available - before);
      }, 0);
    }),
  );
}
