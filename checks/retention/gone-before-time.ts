import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { neededStores } from "../stores";
import { formatSize } from "../wording";

export const goneBeforeTime = defineCheck({
  code: "retention/gone-before-time",
  severity: "error",
  title: "A pool gets so full that snapshots go before their time",
  why: "A guard that removes old snapshots keeps the guests writing. Where the plan itself fills the pool that far, it removes each night what a promise counts on, and the retention in the estate is a wish.",
  run: plan =>
    plan.jobs.flatMap(job =>
      (job.removesEarly ?? []).flatMap(({ store, fromPercent, setting }) => {
        const found = neededStores(plan).find(({ name }) => name === store);
        // Fuller than it may get at all: that store's own check tells of it.
        if (!found || found.needBytes > found.usableBytes) return [];
        const percent = (found.needBytes / found.sizeBytes) * 100;
        if (percent < fromPercent) return [];
        const enough = Math.floor(percent) + 1;
        return [
          {
            subject: job.called,
            message: `${job.called} removes snapshots before their time from ${fromPercent} % of ${store} on, and ${formatSize(found.needBytes)} of ${formatSize(found.sizeBytes)} (${Math.round(percent)} %) are needed once every retention has filled up: what is kept by the estate goes earlier.`,
            fix: `Set ${setting} to ${enough}, keep snapshots for a shorter time, or make the pool larger.`,
            evidence: {
              store,
              fromPercent,
              percent: Math.round(percent),
              needBytes: found.needBytes,
              sizeBytes: found.sizeBytes,
            },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("a pool of which a quarter is used, thinned out from a fifth on", ({ layers }) =>
          edit(layers["lvm-pvc-snapshot"][0], { guard: { thinOut: { dataPercent: 20 } } }),
        ),
        {
          says: "Set guard.thinOut.dataPercent to 26",
          edit: ({ layers }) =>
            edit(layers["lvm-pvc-snapshot"][0], { guard: { thinOut: { dataPercent: 26 } } }),
        },
      ),
    ],
    good: [example("a pool with room for its snapshots")],
  },
});
