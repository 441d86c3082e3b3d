import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { firings, parseSchedule } from "../../plan/calendar";
import { long } from "../long";

const zones = ["Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "UTC"];
const dayMs = 86_400_000;

/** The next firings by systemd itself, as whole seconds in ISO 8601. */
function systemdFirings(text: string, zone: string, fromMs: number, count: number): string[] {
  const base = `${new Date(fromMs - 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const output = execFileSync(
    "systemd-analyze",
    ["calendar", `--iterations=${count}`, `--base-time=${base}`, `${text} ${zone}`],
    {
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
      encoding: "utf8",
    },
  );
  return [...output.matchAll(/(?:Next elapse|Iter\. #\d+|\(in UTC\)): \w{3} (\S+) (\S+) UTC/g)]
    .map(match => `${match[1]}T${match[2]}.000Z`)
    .filter((instant, index, all) => all.indexOf(instant) === index);
}

const systemdTexts = fc
  .tuple(
    fc.constantFrom("", "Sun ", "Mon..Fri ", "Sat,Sun ", "Tue,Thu..Sat "),
    fc.constantFrom(
      "*-*-*",
      "*-*-01",
      "*-*-1..7",
      "*-*~01",
      "*-02~03",
      "*-01,07-15",
      "*-*-1/10",
      "2026..2030-*-*",
    ),
    fc.constantFrom(
      "02:00:00",
      "00:00",
      "03:30:00",
      "01:45",
      "00/6:00:00",
      "12,18:15",
      "*:00/30:00",
      "02:00:30",
      "09..17:00",
    ),
  )
  .map(([weekdays, date, time]) => `${weekdays}${date} ${time}`);

test("systemd-analyze agrees with it on generated expressions, around every clock change too", () => {
  fc.assert(
    fc.property(
      systemdTexts,
      fc.constantFrom(...zones),
      fc.constantFrom(
        "2026-03-07",
        "2026-03-28",
        "2026-04-04",
        "2026-10-03",
        "2026-10-24",
        "2026-10-31",
        "2028-02-27",
        "2026-12-30",
      ),
      fc.integer({ min: 0, max: 86_399 }),
      (text, zone, date, second) => {
        const fromMs = Date.parse(`${date}T00:00:00Z`) + second * 1000;
        const theirs = systemdFirings(text, zone, fromMs, 8);
        const ours = firings(parseSchedule(text, "systemd"), zone, fromMs, fromMs + 25_000 * dayMs).slice(
          0,
          theirs.length,
        );
        expect(ours.map(instant => new Date(instant).toISOString())).toEqual(theirs);
      },
    ),
    { numRuns: long ? 300 : 100 },
  );
});
