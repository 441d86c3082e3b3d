import { nextFiring } from "./firings";
import { parseCron } from "./parse-cron";
import { parseSystemd } from "./parse-systemd";
import { CalendarNeverFires, type Schedule } from "./schedule";

export { firings, longestGap, nextFiring, previousFiring, shortestGap, type Gap } from "./firings";
export { CalendarNeverFires, ScheduleError, type Schedule } from "./schedule";
export { checkTimeZone, endOfDay } from "./time-zone";

/**
 * Reads a schedule in either dialect: five-field cron as a CronJob takes it, or systemd's OnCalendar.
 * @throws {ScheduleError} for text that isn't a schedule
 * @throws {CalendarNeverFires} for a date that doesn't exist, such as 31 February
 */
export function parseSchedule(text: string, dialect: "cron" | "systemd"): Schedule {
  const schedule = dialect === "cron" ? parseCron(text) : parseSystemd(text);
  if (nextFiring(schedule, "UTC", Date.UTC(2020, 0, 1)) === undefined)
    throw new CalendarNeverFires(text, "2020 to 2101");
  return schedule;
}
