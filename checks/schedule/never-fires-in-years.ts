import { nextFiring } from "../../plan/calendar";
import { horizonOf } from "../../plan/graph/loss";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed } from "../wording";

/** Jobs that never run are refused as an estate; this is about the rarer runs that a job has beside its usual ones. */
export const neverFiresInYears = defineCheck({
  code: "schedule/never-fires-in-years",
  severity: "error",
  title: "A full sync has no date in the estate's years",
  why: "What a nightly run skips is left to the full one: a deletion, or a file that the change log forgot. A full sync that never comes leaves both at the destination for good.",
  run: ({ estate, jobs }) =>
    jobs.flatMap(({ called, host, flows, fullRun }) => {
      if (!fullRun) return [];
      const { fromMs, toMs } = horizonOf(estate.years);
      const nextMs = nextFiring(fullRun.schedule, fullRun.zone, fromMs);
      if (nextMs !== undefined && nextMs < toMs) return [];
      const next = nextMs === undefined ? "never" : `first on ${new Date(nextMs).toISOString().slice(0, 10)}`;
      const places = [...new Set(flows.map(({ target }) => target.machine.name))];
      return [
        {
          subject: called,
          message: `${called}'s full sync from ${host} to ${listed(places)} has the calendar "${fullRun.calendar}", which doesn't come in ${estate.years.join(", ")} (${next}).`,
          fix: 'Write days that come in each year, e.g. "Sun *-*-1..7 08:00:00" for each month\'s first Sunday.',
          evidence: { calendar: fullRun.calendar, years: estate.years.map(String) },
        },
      ];
    }),
  examples: {
    bad: [
      mended(fullSync("a year that is over", "Sun 2025-*-1..7 08:00:00"), {
        says: "Sun *-*-1..7 08:00:00",
        edit: ({ layers }) =>
          edit(layers["offsite-sync"][0], { fullSync: { onCalendar: "Sun *-*-1..7 08:00:00" } }),
      }),
      mended(fullSync("a leap day", "*-02-29 08:00:00"), {
        says: "Sun *-*-1..7 08:00:00",
        edit: ({ layers }) =>
          edit(layers["offsite-sync"][0], { fullSync: { onCalendar: "Sun *-*-1..7 08:00:00" } }),
      }),
    ],
    good: [fullSync("each month's first Sunday", "Sun *-*-1..7 08:00:00"), example("none")],
  },
});

function fullSync(name: string, onCalendar: string) {
  return example(name, ({ layers }) => {
    const [offsite] = layers["offsite-sync"];
    if (offsite) offsite.fullSync = { onCalendar };
  });
}
