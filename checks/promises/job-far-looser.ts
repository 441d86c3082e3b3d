import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { longestGap } from "../../plan/calendar";
import { tightestPromise } from "../../plan/staleness";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended, mirrorExample } from "../examples";

/** A promise with room to spare is a decision; one of so many runs, and so much looser than all that rests on it, is another unit. */
const manyRuns = 10;
const farLooser = 2;
/** So many hours are as many days but for one in 24, and two of them the clocks may take. */
const muchMoreRuns = 20;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

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
      if (owed === undefined && !job.flows.length) return ofNoCopies(job, plan);
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
        example("days for hours on a daily drill", ({ layers }) =>
          edit(layers["restore-drill"][0], { promise: { rpo: "27d" } }),
        ),
        {
          says: 'promise: { rpo: "27h" }',
          edit: ({ layers }) => edit(layers["restore-drill"][0], { promise: { rpo: "27h" } }),
        },
      ),
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
    good: [
      example("a week on a daily drill", ({ layers }) =>
        edit(layers["restore-drill"][0], { promise: { rpo: "7d" } }),
      ),
      mirrorExample("three days on a daily mirror", { promise: { rpo: "3d" } }),
    ],
  },
});

/** No service's promise says how loose that of a look or a drill may be: of a daily one, more than any month of runs is another unit. */
function ofNoCopies(job: Job, plan: Plan): Found[] {
  const { rpoMs } = job.judged;
  const { ms: gapMs } = longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
  if (gapMs < dayMs || rpoMs <= muchMoreRuns * gapMs) return [];
  return [
    {
      subject: job.called,
      message: `${job.called} may go without a success for ${formatDuration(rpoMs)}, and its runs are ${formatDuration(gapMs)} apart at most: ${Math.floor(rpoMs / gapMs)} of them may be missed before that.`,
      fix: `Promise what is needed of ${job.called}, such as promise: { rpo: "${Math.ceil(tightestPromise(job, plan.estate.years) / hourMs)}h" }.`,
      evidence: { promiseMs: rpoMs, gapMs },
    },
  ];
}

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
