/** What a generation stands for: the hour, day, ISO week or month in which it was made. */
export type Period = "hour" | "day" | "week" | "month";

/**
 * Name of the period in which an instant lies, by the clocks of a zone; names of one kind sort in time.
 * Weeks are those of ISO 8601, with the year that they belong to: "2027-01" begins on 4 January 2027, and 1 January 2027
 * lies in "2026-53".
 * @param zone IANA time zone
 * @returns "2026-05-26T03", "2026-05-26", "2026-22" or "2026-05"
 */
export function periodOf(instantMs: number, period: Period, zone: string): string {
  const { year, month, day, hour } = localDate(instantMs, zone);
  switch (period) {
    case "hour":
      // Where clocks go back, an hour comes twice; as one period it is kept once, which loses no day.
      return `${dateText(year, month, day)}T${two(hour)}`;
    case "day":
      return dateText(year, month, day);
    case "week": {
      const { weekYear, week } = isoWeek(year, month, day);
      return `${weekYear}-${two(week)}`;
    }
    case "month":
      return `${String(year).padStart(4, "0")}-${two(month)}`;
    default:
      return period satisfies never;
  }
}

const dayMs = 86_400_000;

/** The week of a date is that of its Thursday (ISO 8601, 3.1.1.23). */
function isoWeek(year: number, month: number, day: number): { weekYear: number; week: number } {
  const dateMs = Date.UTC(year, month - 1, day);
  const fromMonday = (new Date(dateMs).getUTCDay() + 6) % 7;
  const thursday = new Date(dateMs + (3 - fromMonday) * dayMs);
  const weekYear = thursday.getUTCFullYear();
  const firstMs = Date.UTC(weekYear, 0, 1);
  return { weekYear, week: Math.floor((thursday.getTime() - firstMs) / (7 * dayMs)) + 1 };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localDate(instantMs: number, zone: string) {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "iso8601",
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric" },
    });
  formats.set(zone, format);
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return { year: part("year"), month: part("month"), day: part("day"), hour: part("hour") };
}

function dateText(year: number, month: number, day: number): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
