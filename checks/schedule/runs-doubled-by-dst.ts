import type { Plan } from "../../plan";
import { firings, nextFiring } from "../../plan/calendar";
import { clockChanges } from "../../plan/calendar/clock-changes";
import type { Job } from "../../plan/job";
import { outOfChangedHours } from "../clock-change-hours";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { dumpExample, mended } from "../examples";
import { localTime } from "../local-time";

/** robfig/cron fires at both passes of a repeated hour, systemd at the first alone. */
export const runsDoubledByDst = defineCheck({
  code: "schedule/runs-doubled-by-dst",
  severity: "warning",
  title: "A run falls into the hour that the end of summer time repeats, and takes place twice",
  why: "A CronJob fires at both passes of a repeated hour. Retention that counts runs then keeps a day less, and the second run may meet jobs that were an hour away.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const doubled = doubledRuns(job, plan);
      const [first] = doubled;
      if (first === undefined) return [];
      const { zone } = job.trigger;
      return [
        {
          subject: job.called,
          message: `${job.called} runs twice at ${localTime(first[0], zone)} (${zone}): clocks go back over that time, and a CronJob fires at both passes.`,
          fix: outOfChangedHours(job, plan.estate.years),
          evidence: {
            doubledRuns: doubled.map(([firstMs]) => localTime(firstMs, zone)),
            counterexample: first.map(instant => new Date(instant).toISOString()),
          },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        dumpExample("a dump at 01:30 in New York", { cron: "30 1 * * *", zone: "America/New_York" }, "27h"),
        {
          says: "before 01:00 or from 03:00 on",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"].at(-1), {
              schedule: { cron: "45 0 * * *", zone: "America/New_York" },
            }),
        },
      ),
      mended(dumpExample("one on Sundays", { cron: "45 1 * * 0", zone: "America/New_York" }, "8d"), {
        says: "before 01:00 or from 03:00 on",
        edit: ({ layers }) =>
          edit(layers["cluster-dump"].at(-1), { schedule: { cron: "45 0 * * 0", zone: "America/New_York" } }),
      }),
    ],
    good: [
      dumpExample("a dump at 00:15", { cron: "15 0 * * *", zone: "America/New_York" }, "27h"),
      dumpExample(
        "an hourly dump, an hour apart as ever",
        { cron: "50 * * * *", zone: "America/New_York" },
        "3h",
      ),
    ],
  },
});

/** First and second pass of each doubled run, as epoch ms. */
function doubledRuns({ trigger: { schedule, zone } }: Job, plan: Plan): [number, number][] {
  return clockChanges(zone, plan.estate.years).flatMap(({ atMs, byMs }) => {
    if (byMs >= 0) return [];
    const passMs = -byMs;
    const second = firings(schedule, zone, atMs, atMs + passMs);
    return second.flatMap((secondMs): [number, number][] => {
      const firstMs = secondMs - passMs;
      const next = nextFiring(schedule, zone, secondMs + 1);
      // An hourly job has a run in each real hour: the repeated one is owed.
      const owed = next !== undefined && next - secondMs <= passMs;
      return !owed && firings(schedule, zone, firstMs, firstMs + 1).length > 0 ? [[firstMs, secondMs]] : [];
    });
  });
}
