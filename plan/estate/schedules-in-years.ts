import { firingsIn, nextFiring, parseSchedule } from "../calendar";
import { partsOf } from "../layers";
import { type EstateFault, pathText, shown } from "./faults";
import type { Estate } from "./schema";

/** Each run of the years is followed, in time and memory: an estate of ten hosts has seconds and a gigabyte for it. */
const mostRuns = 600_000;

/**
 * Jobs' schedules without two firings in the estate's years: there is no gap to judge them by, and no run to plan. And
 * those with so many that nobody would wait for the answer.
 */
export function schedulesInYears(estate: Estate): EstateFault[] {
  const [first, last] = [Math.min(...estate.years), Math.max(...estate.years)];
  const runs = partsOf(estate).flatMap(({ layer, spec, at }) =>
    layer.runs(spec).map(run => ({ ...run, at: [...at, ...run.at] })),
  );
  return runs.flatMap(({ schedule, at }): EstateFault[] => {
    if (!schedule) return [];
    const [field, text, calendar] =
      "cron" in schedule
        ? ["cron", schedule.cron, parseSchedule(schedule.cron, "cron")]
        : ["onCalendar", schedule.onCalendar, parseSchedule(schedule.onCalendar, "systemd")];
    const fault = (problem: string): EstateFault[] => [
      { path: pathText([...at, "schedule", field]), value: shown(text), problem },
    ];
    const years = `the estate's years (${first} to ${last})`;
    const runsInYears = firingsIn(calendar, estate.years);
    if (runsInYears > mostRuns)
      return fault(
        `starts ${runsInYears} times in ${years}. Expected at most ${mostRuns}: start it less often, e.g. every 15 minutes, or leave years out`,
      );
    const zone = schedule.zone ?? estate.zone;
    const firstMs = nextFiring(calendar, zone, Date.UTC(first, 0, 1));
    const inYears = firstMs !== undefined && firstMs < Date.UTC(last + 1, 0, 1);
    if (inYears && nextFiring(calendar, zone, firstMs + 1) !== undefined) return [];
    return fault(
      `${inYears ? "fires only once" : "never fires"} in ${years} or after. Leave the year out, or mend "years"`,
    );
  });
}
