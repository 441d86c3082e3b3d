/** A day of a month: counted from its first day (1 to 31) or from its last (`fromEnd` 1 is the last day). */
export interface MonthDay {
  readonly day: number;
  readonly fromEnd: boolean;
}

/**
 * Dates and times at which something fires, in local time. An absent list means "every one".
 * Both dialects become this; what they do differently when clocks change hangs on `dialect`.
 */
export interface Schedule {
  readonly dialect: "cron" | "systemd";
  readonly text: string;
  /** 0 is Sunday. */
  readonly weekdays?: readonly number[];
  readonly years?: readonly number[];
  readonly months?: readonly number[];
  readonly days?: readonly MonthDay[];
  /** cron(5): when both day fields are restricted, a date matches if either does. */
  readonly eitherDay: boolean;
  /** Seconds after midnight, ascending, e.g. [7200] for 02:00:00. */
  readonly secondsOfDay: readonly number[];
}

/** A calendar text that isn't one: the field, what it has, and what is allowed. */
export class ScheduleError extends Error {
  constructor(
    readonly text: string,
    readonly field: string,
    readonly allowed: string,
    readonly example: string,
  ) {
    super(`"${text}" has ${field}, expected ${allowed}. Example: "${example}"`);
    this.name = "ScheduleError";
  }
}

/** A calendar that has no firing in the time that was asked for, such as 31 February. */
export class CalendarNeverFires extends Error {
  constructor(text: string, span: string) {
    super(
      `"${text}" has a date that never comes in ${span}. Expected a date that exists, e.g. "*-*-01 02:00:00"`,
    );
    this.name = "CalendarNeverFires";
  }
}

/** Times of day from lists of hours, minutes and seconds. */
export function secondsOfDay(
  hours: readonly number[],
  minutes: readonly number[],
  seconds: readonly number[],
): number[] {
  return hours.flatMap(hour =>
    minutes.flatMap(minute => seconds.map(second => hour * 3600 + minute * 60 + second)),
  );
}

/** Whole numbers from `from` to `to`, every `step`. */
export function steps(from: number, to: number, step: number): number[] {
  return Array.from(
    { length: Math.max(0, Math.floor((to - from) / step) + 1) },
    (_, index) => from + index * step,
  );
}

/** The numbers once each, ascending. */
export function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
