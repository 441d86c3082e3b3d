import { longestGap } from "../../plan/calendar";
import type { Plan } from "../../plan";
import type { Flow, Job } from "../../plan/job";
import type { Retention } from "../../plan/retention";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { longestWait } from "../source-wait";
import { counted, instantText, placeText } from "../wording";

/** Runs that may fail one after the other before nothing is left; with fewer, one bad night takes everything. */
const survivedMisses = 2;

export const belowGap = defineCheck({
  code: "retention/below-gap",
  severity: "error",
  title: "Generations are kept for too short a time for the schedule",
  why: "A script that deletes what is older than N days deletes on, also when no new dump was made. Kept for less than a few gaps, nothing is left of a backup that failed over a weekend.",
  run: plan =>
    plan.jobs.flatMap(job =>
      job.flows.flatMap(flow => [...findings(job, flow, plan), ...onlyGeneration(job, flow, plan)]),
    ),
  // What is gone so soon is gone before a proof as well.
  gathers: (cause, { code, subject }) =>
    code === "retention/gone-before-noticed" && subject === cause.subject,
  examples: {
    bad: [
      mended(
        example("dumps of 26 hours from a daily job, with nothing kept for sure", ({ layers }) =>
          edit(layers["cluster-dump"][0], { keep: { age: "26h", atLeast: 0 } }),
        ),
        {
          says: "Keep for 4 d 4 h at least",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "4d 4h", atLeast: 0 } }),
        },
        {
          says: "set atLeast to 3",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "26h", atLeast: 3 } }),
        },
      ),
      mended(
        example("dumps of three days from a weekly job", ({ layers, services }) => {
          edit(layers["cluster-dump"][0], {
            schedule: { cron: "0 1 * * 0" },
            keep: { age: "3d" },
            promise: { rpo: "9d" },
          });
          edit(services.etcd, { promise: { rpo: { site: "9d", "live-disk": "9d" }, rto: "8h" } });
        }),
        {
          says: "Keep for 28 d 4 h at least",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "28d 4h" } }),
        },
        {
          says: "set atLeast to 3",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "3d", atLeast: 3 } }),
        },
      ),
      mended(
        example("dumps of which one is kept", ({ layers }) =>
          edit(layers["cluster-dump"][0], { keep: { latest: true } }),
        ),
        {
          says: '{ count: 4, every: "week" }',
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { count: 4, every: "week" } }),
        },
      ),
    ],
    good: [
      example("dumps of 30 days from a daily job"),
      example("two days and at least seven generations", ({ layers }) =>
        edit(layers["cluster-dump"][0], { keep: { age: "2d", atLeast: 7 } }),
      ),
    ],
  },
});

function findings(job: Job, flow: Flow, plan: Plan): Found[] {
  const { retention, target } = flow;
  if (retention.kind !== "age" || retention.atLeast > 1) return [];
  const gap = longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
  const misses = Math.floor(retention.ms / gap.ms);
  const nothing = retention.atLeast === 0;
  if (misses >= (nothing ? survivedMisses : 1)) return [];
  // A copier that finds nothing is the nearer fault: retention/outlived-by-source tells of it.
  if (nothing && outlived(job, flow, retention.ms, plan)) return [];
  const counterexample = [gap.fromMs, gap.toMs].map(instantText);
  const apart = `its runs can be ${formatDuration(gap.ms)} apart (${counterexample.join(" and ")})`;
  const left = nothing
    ? misses === 0
      ? "nothing is left before the next one"
      : `nothing is left after ${counted(misses, "missed run")}`
    : "there is never more than one generation, and a bad one replaces the last good one";
  return [
    {
      subject: job.called,
      message: `${job.called} keeps ${placeText(target)} for ${formatDuration(retention.ms)}, and ${apart}: ${left}.`,
      fix: `Keep for ${formatDuration(gap.ms * 4)} at least, or set atLeast to 3.`,
      evidence: {
        keptMs: retention.ms,
        atLeast: retention.atLeast,
        longestGapMs: gap.ms,
        missedRuns: misses,
        counterexample,
      },
    },
  ];
}

/** One that is kept by its number is the only one too. A mirror has no generations, and nobody says of it that it keeps any. */
function onlyGeneration(job: Job, { retention, target, verified }: Flow, plan: Plan): Found[] {
  const rotates = job.deletes.some(
    ({ scope, location }) => scope === "own-generations" && location.path === target.path,
  );
  // One that nobody reads back is the nearer fault: retention/deletes-before-verified.
  if (!rotates || !verified || !isOne(retention)) return [];
  // Where no other copy has a history either, retention/mirror-without-history tells of all of them.
  const told = fallingShort(plan, "mirror-without-history").some(({ copies }) =>
    copies.some(copy => copy.job === job),
  );
  if (told) return [];
  return [
    {
      subject: job.called,
      message: `${job.called} keeps one generation in ${placeText(target)}: there is never more than one, and a bad one replaces the last good one.`,
      fix: 'Keep several, e.g. keep: { count: 4, every: "week" }.',
      evidence: { path: placeText(target), generations: 1 },
    },
  ];
}

/** The newest run is the newest of its hour, day, week and month too: tiers of one each keep the same one. */
function isOne(retention: Retention): boolean {
  switch (retention.kind) {
    case "latest":
      return true;
    case "age":
      return false;
    case "count":
      return retention.count === 1;
    case "tiers":
      return retention.tiers.every(({ count }) => count === 1);
  }
}

function outlived(job: Job, flow: Flow, keptMs: number, plan: Plan): boolean {
  const copiers = new Set(plan.copies.filter(({ from }) => from?.flow === flow).map(copy => copy.job));
  return [...copiers].some(copier => (longestWait(job, copier, plan)?.ms ?? 0) > keptMs);
}
