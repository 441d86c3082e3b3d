import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { periodOf } from "../../plan/contracts/period";
import { completeMs } from "./generation-time";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-time-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a generation of this week is as old as its folder", () => {
  const period = periodOf(Date.now(), "week", "UTC");
  expect(completeMs({ period, folder }, "week", "UTC")).toBe(Math.floor(statSync(folder).ctimeMs));
});

test.each([
  ["2026-22", "week", "UTC", "2026-05-31T23:59:59.999Z"],
  ["2026-22", "week", "Europe/Sofia", "2026-05-31T20:59:59.999Z"],
  ["2026-53", "week", "UTC", "2027-01-03T23:59:59.999Z"],
  ["2026-05-26", "day", "Europe/Sofia", "2026-05-26T20:59:59.999Z"],
  // The clocks go back.
  ["2026-10-25", "day", "Europe/Sofia", "2026-10-25T21:59:59.999Z"],
  ["2026-05-26", "day", "Pacific/Kiritimati", "2026-05-26T09:59:59.999Z"],
  ["2026-05-26", "day", "Asia/Kathmandu", "2026-05-26T18:14:59.999Z"],
] as const)("one of %s (%s, %s) that came from elsewhere is of its end", (period, every, zone, end) => {
  const ms = completeMs({ period, folder }, every, zone);
  expect(Math.abs(ms - Date.parse(end))).toBeLessThanOrEqual(1_800_000);
  expect(periodOf(ms - 1_800_000, every, zone)).toBe(period);
});
