import { parseSchedule } from ".";
import { movedTo } from "./move";

test.each([
  ["*-*-* 02:00:00", "systemd", 90, "*-*-* 01:30:00"],
  ["Sun *-*-1..7 03:00", "systemd", 255, "Sun *-*-1..7 04:15:00"],
  ["*-*-* 00,12:00:00", "systemd", 75, "*-*-* 01,13:15:00"],
  ["*-*-* 00,12:00:00", "systemd", 840, "*-*-* 02,14:00:00"],
  ["02:00", "systemd", 0, "00:00:00"],
  ["weekly", "systemd", 60, "Mon *-*-* 01:00:00"],
  ["Sun *-*-*", "systemd", 60, "Sun *-*-* 01:00:00"],
  ["*-*-*", "systemd", 60, "*-*-* 01:00:00"],
  ["0 2 * * 0", "cron", 90, "30 1 * * 0"],
  ["15 */6 * * *", "cron", 30, "30 0,6,12,18 * * *"],
] as const)("moves %s (%s) to minute %i: %s", (text, dialect, minute, expected) => {
  const moved = movedTo(parseSchedule(text, dialect), minute);
  expect(moved?.text).toBe(expected);
  expect(parseSchedule(expected, dialect).secondsOfDay).toContain(minute * 60);
});

test.each([
  ["a start that is there already", "*-*-* 02:00:00", "systemd", 120],
  ["starts of differing minutes", "*-*-* 02:00,30:00", "systemd", 60],
  ["starts with seconds", "*-*-* 02:00:30", "systemd", 60],
  ["a second start that slips into another day", "Sun *-*-* 00,12:00", "systemd", 780],
  ["a shorthand of cron", "@daily", "cron", 60],
] as const)("has no text for %s", (_, text, dialect, minute) =>
  expect(movedTo(parseSchedule(text, dialect), minute)).toBeUndefined(),
);
