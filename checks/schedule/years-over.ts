import { localTime } from "../../plan/calendar/time-zone";
import { defineCheck } from "../check";
import { example, mended } from "../examples";

export const yearsOver = defineCheck({
  code: "schedule/years-over",
  severity: "error",
  title: "The years for which everything is computed leave out this one",
  why: "Gaps, clock changes and losses are those of the estate's years. Of this year nothing is known then: an hour that the clocks skip next spring was never looked at.",
  run: ({ estate: { name, years, zone } }, asOfMs) => {
    const year = new Date(localTime(asOfMs, zone)).getUTCFullYear();
    if (years.includes(year)) return [];
    const isToCome = Math.min(...years) > year;
    return [
      {
        subject: name,
        message: `All is computed for ${years.join(", ")}, and it is ${year}: no gap, clock change or loss of ${isToCome ? "tonight" : "a day to come"} is in it.`,
        fix: `Set years to [${isToCome ? [year, ...years].join(", ") : `${year}, ${year + 1}`}].`,
        evidence: { years: years.map(String), year },
      },
    ];
  },
  examples: {
    bad: [
      mended(
        example("years that somebody wrote long ago", estate => {
          estate.years = [2021, 2022];
        }),
        {
          says: "Set years to [2026, 2027]",
          edit: estate => {
            estate.years = [2026, 2027];
          },
        },
      ),
      mended(
        example("the next year alone", estate => {
          estate.years = [2027];
        }),
        {
          says: "Set years to [2026, 2027]",
          edit: estate => {
            estate.years = [2026, 2027];
          },
        },
      ),
    ],
    good: [
      example("this year and the next"),
      example("this year alone", estate => {
        estate.years = [2026];
      }),
    ],
  },
});
