import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { periodOf } from "./period";

const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"];
const zone = fc.constantFrom(...zones);
const instant = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2050, 0, 1) });

/** The same by the calendar of Temporal. */
function oracle(instantMs: number, timeZone: string) {
  const at = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(timeZone);
  const two = (value = 0): string => String(value).padStart(2, "0");
  return {
    hour: `${at.toPlainDate().toString()}T${two(at.hour)}`,
    day: at.toPlainDate().toString(),
    week: `${at.yearOfWeek}-${two(at.weekOfYear)}`,
    month: at.toPlainDate().toPlainYearMonth().toString(),
  };
}

test.each([
  ["2026-12-28T12:00:00Z", "2026-53"],
  ["2026-12-31T12:00:00Z", "2026-53"],
  ["2027-01-01T12:00:00Z", "2026-53"],
  ["2027-01-03T12:00:00Z", "2026-53"],
  ["2027-01-03T22:59:59Z", "2026-53"],
  ["2027-01-03T23:00:00Z", "2027-01"],
  ["2027-01-04T12:00:00Z", "2027-01"],
  ["2024-12-30T12:00:00Z", "2025-01"],
  ["2026-05-26T12:00:00Z", "2026-22"],
])("%s lies in the week %s of Berlin", (text, week) => {
  expect(periodOf(Date.parse(text), "week", "Europe/Berlin")).toBe(week);
});

test("every day around the turns of thirty years has the week that Temporal gives it", () => {
  for (let year = 2000; year < 2030; year += 1)
    for (let day = -8; day < 9; day += 1) {
      const noon = Date.UTC(year, 0, 1 + day, 12);
      expect(periodOf(noon, "week", "UTC")).toBe(oracle(noon, "UTC").week);
    }
});

test("each period of any instant is called as by Temporal, in any zone", () => {
  fc.assert(
    fc.property(instant, zone, (at, where) => {
      const { hour, day, week, month } = oracle(at, where);
      expect(periodOf(at, "hour", where)).toBe(hour);
      expect(periodOf(at, "day", where)).toBe(day);
      expect(periodOf(at, "week", where)).toBe(week);
      expect(periodOf(at, "month", where)).toBe(month);
    }),
  );
});

test("names of days, weeks and months sort as their instants do", () => {
  fc.assert(
    fc.property(instant, instant, zone, fc.constantFrom("day", "week", "month"), (a, b, where, period) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      expect(periodOf(first, period, where) <= periodOf(second, period, where)).toBe(true);
    }),
  );
});
