import type { Plan } from "../../plan";
import { longestGap } from "../../plan/calendar";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed, placeText } from "../wording";

/** Others that are kept for as many days: of one, nobody knows which of the two is the slip. */
const enough = 2;
const hoursInADay = 24;

export const farBelowOthers = defineCheck({
  code: "retention/far-below-others",
  severity: "warning",
  title: "Copies are kept for hours, where others of their kind are kept for as many days",
  why: '"30h" for "30d" breaks no promise: a copy of last night is there. What was deleted or damaged a week ago is in none of them any more, and nobody learns of it before that day.',
  run: plan => {
    const kept = plan.jobs.flatMap(job =>
      job.flows.flatMap(({ retention, target }) =>
        retention.kind === "age"
          ? [{ job, layer: job.said[1], place: placeText(target), ms: retention.ms }]
          : [],
      ),
    );
    return kept.flatMap(({ job, layer, place, ms }): Found[] => {
      const meantMs = hoursInADay * ms;
      const siblings = kept.filter(other => other.layer === layer && other.job !== job);
      const alike = siblings.filter(other => other.ms === meantMs);
      // What is kept for less than the time to the next run: retention/below-gap.
      if (alike.length < enough || siblings.some(other => other.ms === ms) || ms < gapOf(job, plan))
        return [];
      const [own, others] = [formatDuration(ms), formatDuration(meantMs)];
      return [
        {
          subject: job.called,
          message: `${job.called} keeps ${place} for ${own}, and ${listed(alike.map(other => other.place))} are kept for ${others}.`,
          fix: `Keep for ${others}, if that was meant for ${own}.`,
          evidence: { path: place, keptMs: ms, othersMs: meantMs },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("hours for days of one of three dumps", ({ layers }) => {
          const [etcd] = layers["cluster-dump"];
          if (!etcd) throw new Error("the example estate dumps etcd");
          layers["cluster-dump"].push({
            ...etcd,
            ...{ name: "etcd-again", schedule: { cron: "20 1 * * *" }, keep: { age: "30h" } },
            target: { host: "pve", path: "/srv/nfs/etcd-again" },
          });
        }),
        {
          says: "Keep for 30 d",
          edit: ({ layers }) => edit(layers["cluster-dump"].at(-1), { keep: { age: "30d" } }),
        },
      ),
    ],
    good: [
      example("as many days of all dumps"),
      example("hours of one of two dumps, of which nobody knows which is meant", ({ layers }) =>
        edit(layers["cluster-dump"][0], { keep: { age: "30h" } }),
      ),
    ],
  },
});

function gapOf({ trigger: { schedule, zone } }: Job, { estate }: Plan): number {
  return longestGap(schedule, zone, estate.years).ms;
}
