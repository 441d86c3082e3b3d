import fc from "fast-check";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import {
  CalendarNeverFires,
  checkTimeZone,
  firings,
  longestGap,
  nextFiring,
  parseSchedule,
  previousFiring,
  shortestGap,
} from ".";

const hourMs = 3_600_000;
const at = (text: string): number => Date.parse(text);
const iso = (instants: number[]): string[] => instants.map(instant => new Date(instant).toISOString());

test("a daily job in Sofia has a gap of 25 hours when summer time ends", () => {
  const gap = longestGap(parseSchedule("*-*-* 02:00:00", "systemd"), "Europe/Sofia", [2026]);
  expect(gap.ms).toBe(25 * hourMs);
  expect(iso([gap.fromMs, gap.toMs])).toEqual(["2026-10-24T23:00:00.000Z", "2026-10-26T00:00:00.000Z"]);
});

test("a time that the clock skips doesn't fire, and the gap says so", () => {
  const schedule = parseSchedule("*-*-* 03:30:00", "systemd");
  expect(iso(firings(schedule, "Europe/Sofia", at("2026-03-28T00:00Z"), at("2026-03-31T00:00Z")))).toEqual([
    "2026-03-28T01:30:00.000Z",
    "2026-03-30T00:30:00.000Z",
  ]);
  expect(longestGap(schedule, "Europe/Sofia", [2026]).ms).toBe(47 * hourMs);
});

test("a time that the clock repeats fires once under systemd and twice under a CronJob", () => {
  const span = [at("2026-10-24T22:00Z"), at("2026-10-25T12:00Z")] as const;
  expect(iso(firings(parseSchedule("*-*-* 03:30:00", "systemd"), "Europe/Sofia", ...span))).toEqual([
    "2026-10-25T00:30:00.000Z",
  ]);
  expect(iso(firings(parseSchedule("30 3 * * *", "cron"), "Europe/Sofia", ...span))).toEqual([
    "2026-10-25T00:30:00.000Z",
    "2026-10-25T01:30:00.000Z",
  ]);
});

test("29 February has gaps of four years, and of eight over 2100", () => {
  const schedule = parseSchedule("*-02-29 00:00", "systemd");
  expect(longestGap(schedule, "UTC", [2024, 2025, 2026, 2027]).ms).toBe((4 * 365 + 1) * 24 * hourMs);
});

test("the last day of a month is counted from its end", () => {
  const schedule = parseSchedule("*-*~01 03:00", "systemd");
  expect(iso(firings(schedule, "UTC", at("2028-02-01T00:00Z"), at("2028-04-01T00:00Z")))).toEqual([
    "2028-02-29T03:00:00.000Z",
    "2028-03-31T03:00:00.000Z",
  ]);
});

test.each([
  ["Sun 25:00", "systemd", '"Sun 25:00" has hour 25, expected 0 to 23'],
  ["*-*-* 02:60:00", "systemd", "minute 60, expected 0 to 59"],
  ["Sunn 02:00", "systemd", "weekday Sunn"],
  ["Fri..Mon 02:00", "systemd", "weekday Fri..Mon"],
  ["0 2 * *", "cron", "4 fields, expected 5"],
  ["0 24 * * *", "cron", "hour 24, expected 0 to 23"],
  ["0 2 * * 7", "cron", "day of week 7, expected 0 to 6"],
  ["*/0 * * * *", "cron", "minute */0"],
] as const)("refuses %s (%s) by its field", (text, dialect, message) =>
  expect(() => parseSchedule(text, dialect)).toThrow(message),
);

test.each([
  ["0 0 31 2 *", "cron"],
  ["*-02-31 00:00", "systemd"],
] as const)("refuses %s (%s): the date never comes", (text, dialect) =>
  expect(() => parseSchedule(text, dialect)).toThrow(CalendarNeverFires),
);

test.each(["Europe/Sofa", "europe/sofia", "+02:00", ""])("refuses the time zone %j", zone =>
  expect(() => checkTimeZone(zone)).toThrow(/IANA name/),
);

const zones = ["Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "UTC"];
const cronTexts = fc
  .tuple(
    fc.constantFrom("0", "15", "*/20", "7,31", "10-12"),
    fc.constantFrom("*", "0", "5", "*/6", "9-17", "12,23"),
    // Not "*/10": beside a day of the week, croner reads it as "every day", robfig/cron and so a CronJob as a list.
    fc.constantFrom("*", "1", "15,31", "1-21/10"),
    fc.constantFrom("*", "2", "jan-mar", "*/5"),
    fc.constantFrom("*", "sun", "1-5", "6"),
  )
  .map(fields => fields.join(" "));

/**
 * croner 10.0.1 passes over days when it goes from one month to the next and both days of the month and of the week are
 * named: from Sunday 23 February 2025 "0 * 1-21/10 * sun" comes to Sunday 2 March, past Saturday the 1st. cron-parser doesn't.
 */
function cronerErs(text: string): boolean {
  const [, , dayOfMonth, , dayOfWeek] = text.split(" ");
  return dayOfMonth !== "*" && dayOfWeek !== "*";
}

test("two cron libraries agree with it in UTC", () =>
  fc.assert(
    fc.property(
      cronTexts,
      fc.integer({ min: at("2024-01-01") / 1000, max: at("2029-01-01") / 1000 }),
      (text, fromS) => {
        const fromMs = fromS * 1000;
        const ours = firings(parseSchedule(text, "cron"), "UTC", fromMs, fromMs + 400 * 24 * hourMs).slice(
          0,
          5,
        );
        const parser = CronExpressionParser.parse(text, { tz: "UTC", currentDate: new Date(fromMs - 1) });
        expect(iso(ours)).toEqual(iso(ours.map(() => parser.next().getTime())));
        if (cronerErs(text)) return;
        const croner = new Cron(text, { timezone: "UTC" }).nextRuns(5, new Date(fromMs - 1000)).map(Number);
        expect(iso(ours)).toEqual(iso(croner.slice(0, ours.length)));
      },
    ),
    { numRuns: 150 },
  ));

const yearMs = [at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")] as const;

const quarterMs = 15 * 60_000;

/**
 * What clocks in a zone show in each quarter of an hour of 2026: "10/25, 03:30", with its weekday. Offsets of all of these
 * zones are whole quarters, so that no other minute shows one of the times that are looked for.
 */
function ticks(
  zone: string,
): { atMs: number; shown: string; hour: number; minute: number; weekday: string }[] {
  const format = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    weekday: "short",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return Array.from({ length: (yearMs[1] - yearMs[0]) / quarterMs }, (_, index) => {
    const atMs = yearMs[0] + index * quarterMs;
    const shown = format.format(atMs);
    const [, weekday = "", hour, minute] = /^(\w+), .*?(\d\d):(\d\d)$/.exec(shown) ?? [];
    if (Number(minute) % 15 !== 0) throw new Error(`clocks in ${zone} show ${shown} at a quarter of an hour`);
    return { atMs, shown, weekday, hour: Number(hour), minute: Number(minute) };
  });
}

describe.each(zones)("over a year of quarters of an hour in %s", zone => {
  const year = ticks(zone);
  test.each([
    ["*-*-* 00/4:30:00", "systemd", { minutes: [30], hours: [0, 4, 8, 12, 16, 20], weekdays: [] }],
    [
      "Sun *-*-* 01,02,03:00,15,30:00",
      "systemd",
      { minutes: [0, 15, 30], hours: [1, 2, 3], weekdays: ["Sun"] },
    ],
    ["30 */4 * * *", "cron", { minutes: [30], hours: [0, 4, 8, 12, 16, 20], weekdays: [] }],
    ["0,15,30 1-3 * * 0", "cron", { minutes: [0, 15, 30], hours: [1, 2, 3], weekdays: ["Sun"] }],
  ] as const)("%s (%s): each firing once, by name of the next and the previous too", (text, dialect, due) => {
    const seen = new Set<string>();
    const ticked = year.filter(({ shown, hour, minute, weekday }) => {
      const [hours, minutes, weekdays]: (readonly (number | string)[])[] = [
        due.hours,
        due.minutes,
        due.weekdays,
      ];
      if (!minutes?.includes(minute) || !hours?.includes(hour)) return false;
      if (weekdays?.length !== 0 && !weekdays?.includes(weekday)) return false;
      // A timer doesn't fire again at a time that clocks repeat, a CronJob does.
      const again = seen.has(shown);
      seen.add(shown);
      return dialect === "cron" || !again;
    });
    const schedule = parseSchedule(text, dialect);
    const found = firings(schedule, zone, ...yearMs);
    expect(iso(found)).toEqual(iso(ticked.map(({ atMs }) => atMs)));
    expect(new Set(found).size).toBe(found.length);
    expect(found.slice(1).map(firing => previousFiring(schedule, zone, firing))).toEqual(found.slice(0, -1));
    expect(
      found.map((firing, index) => {
        const before = index === 0 ? yearMs[0] - 1 : (found[index - 1] ?? 0);
        return nextFiring(schedule, zone, Math.max(before + 1, firing - hourMs));
      }),
    ).toEqual(found);
  });

  test("firings of two halves are those of the whole, wherever it is cut", () =>
    fc.assert(
      fc.property(cronTexts, fc.integer({ min: yearMs[0], max: yearMs[1] }), (text, cutMs) => {
        const schedule = parseSchedule(text, "cron");
        expect([
          ...firings(schedule, zone, yearMs[0], cutMs),
          ...firings(schedule, zone, cutMs, yearMs[1]),
        ]).toEqual(firings(schedule, zone, ...yearMs));
      }),
      { numRuns: 30 },
    ));
});

test("the shortest gap is never above the longest, and both are gaps", () =>
  fc.assert(
    fc.property(cronTexts, fc.constantFrom(...zones), (text, zone) => {
      const schedule = parseSchedule(text, "cron");
      const years = [2025, 2026];
      expect(shortestGap(schedule, zone, years).ms).toBeLessThanOrEqual(longestGap(schedule, zone, years).ms);
    }),
    { numRuns: 60 },
  ));
