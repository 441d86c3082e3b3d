import { nextFiring } from "./firings";
import { parseCron } from "./parse-cron";
import { parseSystemd } from "./parse-systemd";
import { CalendarNeverFires, type Schedule, ScheduleError } from "./schedule";

export { firings, firingsIn, longestGap, nextFiring, previousFiring, shortestGap, type Gap } from "./firings";
export { CalendarNeverFires, ScheduleError, type Schedule } from "./schedule";
export { checkTimeZone, endOfDay } from "./time-zone";

// No run of a backup is over within a minute, and systemd's own accuracy is one.
const mostADay = 1_440;

/**
 * Reads a schedule in either dialect: five-field cron as a CronJob takes it, or systemd's OnCalendar.
 * @throws {ScheduleError} for text that isn't a schedule, or one that starts more often than each minute
 * @throws {CalendarNeverFires} for a date that doesn't exist, such as 31 February
 */
export function parseSchedule(text: string, dialect: "cron" | "systemd"): Schedule {
  const schedule = dialect === "cron" ? parseCron(text) : parseSystemd(text);
  const aDay = schedule.secondsOfDay.length;
  if (aDay > mostADay)
    throw new ScheduleError(
      text,
      `${aDay} starts a day`,
      `at most ${mostADay}, one a minute`,
      "*-*-* *:00/15:00",
    );
  if (nextFiring(schedule, "UTC", Date.UTC(2020, 0, 1)) === undefined)
    throw new CalendarNeverFires(text, "2020 to 2101");
  return schedule;
}
