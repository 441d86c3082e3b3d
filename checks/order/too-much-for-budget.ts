import type { Plan } from "../../plan";
import { transferFloor } from "../../plan/graph/transfer";
import type { Job } from "../../plan/job";
import { fieldText } from "../../plan/estate/faults";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { daysApart, type RunLoad, runLoads, runTime } from "../run-loads";
import { neededStores } from "../stores";
import { formatSize, listed, placeText } from "../wording";

const dayMs = 86_400_000;
/** A link's speed and what changes are guesses of whoever writes them; so far apart, one of the two has another unit. */
const muchLonger = 4;

export const tooMuchForBudget = defineCheck({
  code: "order/too-much-for-budget",
  severity: "error",
  title: "What changes between two runs takes longer than a run may take",
  why: "A run that is stopped by its budget each night gets a little further behind with each of them, and what is behind is what is lost.",
  run: plan => {
    const late = [...runLoads(plan, "least")].flatMap(([job, own]) => {
      const ms = runTime(job, own, plan);
      if (ms > job.budgetMs) return [finding(job, own, ms)];
      return ms > muchLonger * job.usualRunMs ? [unusual(job, own, ms)] : [];
    });
    return [...late, ...plan.jobs.flatMap(job => unread(job, plan))];
  },
  examples: {
    bad: [
      mended(
        example("photos of which 250 GB are new each day, in an hour", ({ services, layers }) => {
          edit(services.photos?.data[0], { churnPerDay: "250GB" });
          edit(layers["offsite-sync"][0], { budget: "1h" });
        }),
        {
          says: "Raise budget to 2 h",
          edit: ({ layers }) => edit(layers["offsite-sync"][0], { budget: "2h" }),
        },
      ),
      mended(
        example("at two megabytes a second for most of the day", ({ services, layers }) => {
          edit(services.photos?.data[0], { churnPerDay: "20GB" });
          edit(layers["offsite-sync"][0], { bandwidth: [{ from: "06:00", to: "23:00", atMost: "2MB" }] });
        }),
        {
          says: "begin it where its bandwidth isn't limited",
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0], {
              bandwidth: [{ from: "09:00", to: "23:00", atMost: "2MB" }],
            }),
        },
      ),
      mended(
        example("a minute each day to read a backup disk in a month", ({ layers }) =>
          edit(layers["daily-backup"][0], {
            scrub: {
              ...{ schedule: { onCalendar: "*-*-* 15:00:00" }, period: "30d" },
              ...{ usualRun: "20s", budget: "30s" },
            },
          }),
        ),
        {
          says: "Raise budget of backup-scrub",
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.scrub, { budget: "2h" }),
        },
      ),
      mended(
        example("half a minute for images of 100 GB", ({ services, layers }) => {
          edit(services.nodes?.data[0], { size: "100GB" });
          edit(layers["vm-images"][0], { usualRun: "30s" });
        }),
        {
          says: 'Set usualRun to what its runs take, such as "14min"',
          edit: ({ layers }) => edit(layers["vm-images"][0], { usualRun: "14min" }),
        },
      ),
    ],
    good: [
      example("what changes is carried within the budget"),
      example("what changes is carried before its hours begin", ({ layers }) =>
        edit(layers["offsite-sync"][0], { bandwidth: [{ from: "09:00", to: "23:00", atMost: "100kB" }] }),
      ),
    ],
  },
});

/** A job that reads a disk part by part, and doesn't come round within its period. */
function unread(job: Job, plan: Plan): Found[] {
  const { readsWithinMs, reads = [] } = job;
  // One that is shorter than a usual run is order/budget-out-of-bounds'.
  if (readsWithinMs === undefined || job.budgetMs < job.usualRunMs) return [];
  return reads.flatMap((place): Found[] => {
    const store = neededStores(plan).find(({ name }) => name === placeText(place));
    if (!store) return [];
    const perRun = Math.min(1, (daysApart(job, plan) * dayMs) / readsWithinMs);
    const bytes = store.parts.reduce((sum, part) => sum + part.bytes, 0) * perRun;
    const ms = transferFloor(place, place, bytes, plan.estate)?.bytesMs ?? 0;
    if (ms <= job.budgetMs) return [];
    const enoughMs = Math.ceil(ms / 60_000) * 60_000;
    return [
      {
        subject: job.called,
        message: `${job.called} is to read all of ${store.name} within ${formatDuration(readsWithinMs)}: ${formatSize(bytes)} a run, which take ${formatDuration(Math.round(ms))} at the disk's speed, and it is stopped by its budget after ${formatDuration(job.budgetMs)}. What it doesn't come to rots unseen.`,
        fix: `Raise budget of ${job.called} to twice ${formatDuration(enoughMs)} at least, or its period.`,
        evidence: { bytes: Math.round(bytes), ms: Math.round(ms), budgetMs: job.budgetMs },
      },
    ];
  });
}

/** What is said to be done long before that could be: what starts meanwhile, or waits for it, is looked for too early. */
function unusual(job: Job, loads: readonly RunLoad[], ms: number): Found {
  const { bytes, parts, largest } = carried(loads);
  const usualMs = Math.ceil(ms / 60_000) * 60_000;
  return {
    severity: "warning",
    subject: job.called,
    message: `A usual run of ${job.called} is said to take ${formatDuration(job.usualRunMs)}, and it has ${formatSize(bytes)} to carry (${listed(parts)}), which take ${formatDuration(Math.round(ms))} at the bandwidth of its links: what else uses its disks meanwhile isn't seen.`,
    fix: `Set usualRun to what its runs take, such as "${formatDuration(usualMs).replaceAll(/(\d) (?=[a-z])/g, "$1")}"; or, where ${formatDuration(job.usualRunMs)} were measured, raise the link's bandwidth or correct churnPerDay or size of ${largest[0]?.dataset ?? "its data"}.`,
    evidence: {
      where: fieldText([...job.said, "usualRun"]),
      ...{ bytes: Math.round(bytes), ms: Math.round(ms), usualRunMs: job.usualRunMs, parts },
    },
  };
}

function carried(loads: readonly RunLoad[]) {
  const largest = [...loads].sort((a, b) => b.ms - a.ms);
  return {
    largest,
    bytes: loads.reduce((sum, load) => sum + load.bytes, 0),
    parts: largest.map(({ dataset, bytes: own }) => `${dataset} ${formatSize(own)}`),
  };
}

function finding(job: Job, loads: readonly RunLoad[], ms: number): Found {
  const { largest, bytes, parts } = carried(loads);
  const enoughMs = Math.ceil(ms / 3_600_000) * 3_600_000;
  return {
    subject: job.called,
    message: `A run of ${job.called} has ${formatSize(bytes)} to carry (${listed(parts)}), which take ${formatDuration(Math.round(ms))} at the bandwidth of its links${job.pace ? " and the hours that it may use" : ""}, and is stopped by its budget after ${formatDuration(job.budgetMs)}: what is left over grows from run to run.`,
    fix: `Raise budget to ${formatDuration(enoughMs)} where the time to the next run allows it, run it more often, ${job.pace ? "begin it where its bandwidth isn't limited, " : ""}raise the link's bandwidth, or correct churnPerDay of ${largest[0]?.dataset ?? "its data"}.`,
    evidence: { bytes: Math.round(bytes), ms: Math.round(ms), budgetMs: job.budgetMs, parts },
  };
}
