import { ascending, type Schedule, ScheduleError, secondsOfDay, steps } from "./schedule";

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const minute: Field = { name: "minute", min: 0, max: 59 };
const hour: Field = { name: "hour", min: 0, max: 23 };
const day: Field = { name: "day of month", min: 1, max: 31 };
const month: Field = {
  name: "month",
  min: 1,
  max: 12,
  names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
// Kubernetes takes 0 to 6; 7 for Sunday is other crons' habit and refused by its API.
const weekday: Field = {
  name: "day of week",
  min: 0,
  max: 6,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const example = "15 0 * * *";
const shorthands: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/**
 * Five-field cron as a Kubernetes CronJob reads it (robfig/cron v3, ParseStandard).
 * @throws {ScheduleError}
 */
export function parseCron(text: string): Schedule {
  const fields = (shorthands[text.trim()] ?? text).trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = fields;
  if (
    fields.length !== 5 ||
    minutes === undefined ||
    hours === undefined ||
    days === undefined ||
    months === undefined ||
    weekdays === undefined
  )
    throw new ScheduleError(
      text,
      `${fields.length} fields`,
      "5 (minute, hour, day of month, month, day of week)",
      example,
    );
  const read = (field: Field, list: string): number[] => parseField(text, field, list);
  return {
    dialect: "cron",
    text,
    ...(isAny(weekdays) ? {} : { weekdays: read(weekday, weekdays) }),
    ...(isAny(months) ? {} : { months: read(month, months) }),
    ...(isAny(days) ? {} : { days: read(day, days).map(value => ({ day: value, fromEnd: false })) }),
    eitherDay: !isAny(days) && !isAny(weekdays),
    secondsOfDay: secondsOfDay(read(hour, hours), read(minute, minutes), [0]),
  };
}

/** robfig/cron sets its star bit for "*" and "?", with "/1" but with no larger step. */
function isAny(list: string): boolean {
  return list.split(",").some(part => /^[*?](\/1)?$/.test(part));
}

function parseField(text: string, field: Field, list: string): number[] {
  return ascending(list.split(",").flatMap(part => parsePart(text, field, part)));
}

function parsePart(text: string, field: Field, part: string): number[] {
  const [, from = "", to, step] = /^([*?]|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  const fail = (): never => {
    throw new ScheduleError(
      text,
      `${field.name} ${part || "empty"}`,
      `${field.min} to ${field.max}, a list, a range or a step`,
      example,
    );
  };
  const number = (value: string): number => {
    const named = field.names?.indexOf(value.toLowerCase()) ?? -1;
    const read = named >= field.min ? named : /^\d+$/.test(value) ? Number(value) : Number.NaN;
    return read >= field.min && read <= field.max ? read : fail();
  };
  if (from === "" || step === "0") return fail();
  const any = from === "*" || from === "?";
  if (any && to !== undefined) return fail();
  const first = any ? field.min : number(from);
  const last = any || (to === undefined && step !== undefined) ? field.max : number(to ?? from);
  return last < first ? fail() : steps(first, last, Number(step ?? 1));
}
