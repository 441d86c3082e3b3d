import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { longestGap } from "../../plan/calendar";
import { tightestPromise } from "../../plan/staleness";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended, mirrorExample } from "../examples";

/** A promise with room to spare is a decision; one of so many runs, and so much looser than all that rests on it, is another unit. */
const manyRuns = 10;
const farLooser = 2;
const hourMs = 3_600_000;

export const jobFarLooser = defineCheck({
  code: "promises/job-far-looser",
  severity: "warning",
  title: "A job's promise is far looser than its schedule and all that is promised of what it copies",
  why: "28 days for 28 hours: everything that is judged by the promise of a job passes, also an alert of the estate's own that comes a month late.",
  run: plan => {
    const loosest = loosestPromises(plan);
    return plan.jobs.flatMap(job => {
      const { rpoMs } = job.judged;
      const owed = loosest.get(job);
      if (owed === undefined || rpoMs <= farLooser * owed.ms) return [];
      const { ms: gapMs } = longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
      if (rpoMs <= manyRuns * gapMs) return [];
      // What is owed by other ways may be less.
      const leastMs = tightestPromise(job, plan.estate.years);
      return [
        {
          subject: job.called,
          message: `${job.called} promises a loss of ${formatDuration(rpoMs)} at most: its runs are ${formatDuration(gapMs)} apart at most, and of what it copies no service is promised more than ${formatDuration(owed.ms)} (${owed.service}).`,
          fix: `Promise what is needed of ${job.called}, such as promise: { rpo: "${owed.ms < leastMs ? `${Math.ceil(leastMs / hourMs)}h` : owed.text}" }.`,
          evidence: { promiseMs: rpoMs, gapMs, owedMs: owed.ms, service: owed.service },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(mirrorExample("days for hours on a daily mirror", { promise: { rpo: "27d" } }), {
        says: 'promise: { rpo: "58h" }',
        edit: ({ layers }) => edit(layers["nfs-mirror"][0], { promise: { rpo: "58h" } }),
      }),
      mended(
        example(
          "months on weekly images, of services that are owed two days by another way",
          ({ layers, services }) => {
            edit(services.nodes, { promise: { rpo: { "backup-disk": "2d" } } });
            edit(layers["vm-images"][0], { promise: { rpo: "90d" } });
          },
        ),
        {
          says: 'promise: { rpo: "173h" }',
          edit: ({ layers }) => edit(layers["vm-images"][0], { promise: { rpo: "173h" } }),
        },
      ),
    ],
    good: [mirrorExample("three days on a daily mirror", { promise: { rpo: "3d" } })],
  },
});

interface Owed {
  readonly ms: number;
  readonly text: string;
  readonly service: string;
}

/** Of each job that copies something, the longest loss that a service of it is promised in any disaster. */
function loosestPromises({ copies, estate }: Plan): Map<Job, Owed> {
  const ofServices = new Map(
    Object.entries(estate.services).map(([service, { promise }]) => {
      const all = Object.values(promise?.rpo ?? {}).map(text => ({ ms: parseDuration(text), text, service }));
      return [service, all.sort((a, b) => b.ms - a.ms)[0]] as const;
    }),
  );
  const found = new Map<Job, Owed>();
  for (const { job, dataset } of copies) {
    const owed = ofServices.get(dataset.service);
    if (owed && owed.ms > (found.get(job)?.ms ?? 0)) found.set(job, owed);
  }
  return found;
}
