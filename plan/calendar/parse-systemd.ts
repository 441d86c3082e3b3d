import { checkTimeZone } from "./time-zone";
import { ascending, type MonthDay, type Schedule, ScheduleError, secondsOfDay, steps } from "./schedule";

const example = "Sun *-*-* 03:00:00";
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const longWeekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const shorthands: Readonly<Record<string, string>> = {
  minutely: "*-*-* *:*:00",
  hourly: "*-*-* *:00:00",
  daily: "*-*-* 00:00:00",
  weekly: "Mon *-*-* 00:00:00",
  monthly: "*-*-01 00:00:00",
  quarterly: "*-01,04,07,10-01 00:00:00",
  semiannually: "*-01,07-01 00:00:00",
  yearly: "*-01-01 00:00:00",
  annually: "*-01-01 00:00:00",
};

/**
 * An OnCalendar expression, systemd.time(7) "Calendar Events". Fractions of seconds and "@epoch" are refused: no backup
 * job needs them. So is a zone: an estate has a field for it, and a fact in two places comes to differ.
 * @throws {ScheduleError}
 */
export function parseSystemd(text: string): Schedule {
  const words = expandShorthand(text);
  if (words.length === 5 && words.every(word => /^[\d*,/?-]+$/.test(word)) && !text.includes(":"))
    throw new ScheduleError(
      text,
      "the five fields of cron",
      "the words of systemd, as this job is a host's timer",
      example,
    );
  const last = words.at(-1) ?? "";
  if (words.length > 1 && isZone(last))
    throw new ScheduleError(text, `the zone ${last}`, 'none here, but in the field "zone"', example);
  const weekdays = /^[a-z]/i.test(words[0] ?? "") ? parseWeekdays(text, words.shift() ?? "") : undefined;
  const date = words[0]?.includes("-") || words[0]?.includes("~") ? words.shift() : undefined;
  const time = words.shift();
  if (words.length > 0 || (weekdays === undefined && date === undefined && time === undefined))
    throw new ScheduleError(
      text,
      words.length > 0 ? `"${words.join(" ")}" after the time` : "no date or time",
      "[weekdays] [date] [time] [zone]",
      example,
    );
  return {
    dialect: "systemd",
    text,
    ...(weekdays ? { weekdays } : {}),
    ...(date === undefined ? {} : parseDate(text, date)),
    eitherDay: false,
    secondsOfDay: time === undefined ? [0] : parseTime(text, time),
  };
}

/** The words of a calendar's text, a shorthand such as "weekly" spelt out. */
export function expandShorthand(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap(word => (shorthands[word.toLowerCase()] ?? word).split(" "));
}

function isZone(word: string): boolean {
  if (
    !/^[A-Z][A-Za-z_+-]*(\/[\w+-]+)*$/.test(word) ||
    weekdayIndex(word) >= 0 ||
    /^[A-Z][a-z]{2}(-|$)/.test(word)
  )
    return false;
  checkTimeZone(word);
  return true;
}

function weekdayIndex(word: string): number {
  return Math.max(weekdayNames.indexOf(word.toLowerCase()), longWeekdayNames.indexOf(word.toLowerCase()));
}

function parseWeekdays(text: string, list: string): number[] {
  const one = (word: string): number => {
    const index = weekdayIndex(word);
    if (index < 0)
      throw new ScheduleError(
        text,
        `weekday ${word || "empty"}`,
        "Mon to Sun, a list or a range such as Mon..Fri",
        example,
      );
    return index;
  };
  const parts = list.replace(/,$/, "").split(",");
  return ascending(
    parts.flatMap(part => {
      const [from = "", to, ...more] = part.split(/\.\.|-/);
      if (more.length > 0)
        throw new ScheduleError(text, `weekday ${part}`, "a range such as Mon..Fri", example);
      if (to === undefined) return [one(from)];
      // The week begins on Monday here, so Sat..Sun is a range.
      const [first, last] = [(one(from) + 6) % 7, (one(to) + 6) % 7];
      if (last < first)
        throw new ScheduleError(
          text,
          `weekday ${part}`,
          "a range that goes forward from Monday to Sunday",
          example,
        );
      return steps(first, last, 1).map(index => (index + 1) % 7);
    }),
  );
}

function parseDate(text: string, date: string): Pick<Schedule, "years" | "months" | "days"> {
  const [, years, months, separator, days] = /^(?:([^-~]+)-)?([^-~]+)([-~])([^-~]+)$/.exec(date) ?? [];
  if (months === undefined || days === undefined)
    throw new ScheduleError(
      text,
      `date ${date}`,
      "year-month-day, month-day, or ~ before a day counted from the end",
      example,
    );
  const monthDays = parseList(text, "day", days, 1, 31)?.map((day): MonthDay => ({
    day,
    fromEnd: separator === "~",
  }));
  const yearList = years === undefined ? undefined : parseList(text, "year", years, 1970, 2199);
  const monthList = parseList(text, "month", months, 1, 12);
  return {
    ...(yearList ? { years: yearList } : {}),
    ...(monthList ? { months: monthList } : {}),
    ...(monthDays ? { days: monthDays } : {}),
  };
}

function parseTime(text: string, time: string): number[] {
  const [hours = "", minutes, seconds = "00", ...more] = time.split(":");
  if (minutes === undefined || more.length > 0)
    throw new ScheduleError(text, `time ${time}`, "hour:minute or hour:minute:second", example);
  return secondsOfDay(
    parseList(text, "hour", hours, 0, 23) ?? steps(0, 23, 1),
    parseList(text, "minute", minutes, 0, 59) ?? steps(0, 59, 1),
    parseList(text, "second", seconds, 0, 59) ?? steps(0, 59, 1),
  );
}

/** A component's list: `*`, numbers, `from..to`, each with `/step`. Undefined means every value. */
function parseList(
  text: string,
  field: string,
  list: string,
  min: number,
  max: number,
): number[] | undefined {
  if (list === "*") return undefined;
  return ascending(
    list.split(",").flatMap(part => {
      const [, from = "", to, step] = /^(\*|\d+)(?:\.\.(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
      const first = from === "*" ? min : Number(from);
      const last = to === undefined ? (step === undefined && from !== "*" ? first : max) : Number(to);
      if (from === "" || first < min || last > max || last < first || step === "0")
        throw new ScheduleError(text, `${field} ${part || "empty"}`, `${min} to ${max}`, example);
      return steps(first, last, Number(step ?? 1));
    }),
  );
}
