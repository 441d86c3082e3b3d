import { isLaterPeriod, isWithin } from "./generations";

test.each([
  ["2026-23", "2026-22", true, false],
  ["2026-22", "2026-22", false, false],
  ["2026-10-06", "2026-10-05", true, false],
  // Week 40 is 28 September to 4 October.
  ["2026-09-28", "2026-21", true, false],
  ["2026-21", "2026-09-28", false, false],
  ["2026-10-05", "2026-40", true, false],
  ["2026-10-04", "2026-40", false, true],
  ["2026-40", "2026-10-04", false, true],
  ["2026-09-27", "2026-40", false, false],
  // 1 January 2027 lies in the last week of 2026.
  ["2027-01-01", "2026-53", false, true],
  ["2027-01-04", "2026-53", true, false],
  ["2027-01", "2027-01-01", true, false],
  // That somebody has laid there.
  ["2026-99-99", "2026-40", true, false],
])("%s after %s: %s; one within the other: %s", (period, than, isLater, within) => {
  expect([isLaterPeriod(period, than), isWithin(period, than)]).toEqual([isLater, within]);
});
