import { InstantError, parseInstant, parseLastInstant } from "./parse-instant";
import { endOfDay } from "./time-zone";

const zone = "Europe/Sofia";
const now = Date.parse("2026-11-24T15:00:00Z");
const iso = (text: string, nowMs = now): string => new Date(parseInstant(text, zone, nowMs)).toISOString();

test.each([
  ["Sun 05:59", "2026-11-29T03:59:00.000Z"],
  ["sunday 05:59", "2026-11-29T03:59:00.000Z"],
  ["Tue 17:00", "2026-11-24T15:00:00.000Z"],
  ["Tue 16:59", "2026-12-01T14:59:00.000Z"],
  ["05:59", "2026-11-25T03:59:00.000Z"],
  ["2026-12-01 05:59", "2026-12-01T03:59:00.000Z"],
  ["2026-07-01T05:59:30", "2026-07-01T02:59:30.000Z"],
  ["2026-12-01T03:59:00Z", "2026-12-01T03:59:00.000Z"],
  ["2026-12-01T05:59:00+02:00", "2026-12-01T03:59:00.000Z"],
  ["now", "2026-11-24T15:00:00.000Z"],
  ["yesterday 03:00", "2026-11-23T01:00:00.000Z"],
  ["Today 03:00", "2026-11-24T01:00:00.000Z"],
  ["tomorrow 03:00:30", "2026-11-25T01:00:30.000Z"],
  ["last friday 08:00", "2026-11-20T06:00:00.000Z"],
  ["last Tue 08:00", "2026-11-17T06:00:00.000Z"],
  ["last wed 23:00", "2026-11-18T21:00:00.000Z"],
])("reads %s as %s", (text, expected) => expect(iso(text)).toBe(expected));

test.each([
  ["00:15", "2026-10-25T21:30:00Z", "2026-10-24T21:15:00.000Z"],
  ["23:00", "2026-03-29T20:30:00Z", "2026-03-29T20:00:00.000Z"],
  ["03:30", "2026-03-29T20:30:00Z", "2026-03-28T01:30:00.000Z"],
  ["Sun 00:15", "2026-10-25T21:30:00Z", "2026-10-24T21:15:00.000Z"],
  ["Sun 03:30", "2026-04-01T00:00:00Z", "2026-03-22T01:30:00.000Z"],
  ["17:00", "2026-11-24T15:00:00Z", "2026-11-24T15:00:00.000Z"],
  ["Tue 17:01", "2026-11-24T15:00:00Z", "2026-11-17T15:01:00.000Z"],
  ["2026-12-01 05:59", "2026-11-24T15:00:00Z", "2026-12-01T03:59:00.000Z"],
  ["now", "2026-11-24T15:00:00Z", "2026-11-24T15:00:00.000Z"],
  ["yesterday 00:30", "2026-10-25T22:30:00Z", "2026-10-24T21:30:00.000Z"],
])("%s has been last, as seen at %s, at %s", (text, at, expected) =>
  expect(new Date(parseLastInstant(text, zone, Date.parse(at))).toISOString()).toBe(expected),
);

test("takes the first pass of a time that clocks repeat", () =>
  expect(iso("2026-10-25 03:30")).toBe("2026-10-25T00:30:00.000Z"));

test("looks for the next week when clocks skip a weekly time", () =>
  expect(iso("Sun 03:30", Date.parse("2026-03-27T00:00:00Z"))).toBe("2026-04-05T00:30:00.000Z"));

test.each([
  ["2026-03-29 03:30", /clocks in Europe\/Sofia skip/],
  ["last someday 08:00", /has weekday someday/],
  ["yesterday 25:00", /has hour 25/],
  ["yesterday", /isn't an instant/],
  ["2026-02-30 05:59", /date that doesn't exist/],
  ["2026-02-30T05:59:00Z", /doesn't exist/],
  ["Sun 25:00", /hour 25/],
  ["05:75", /minute 75/],
  ["Sunn 05:59", /weekday Sunn/],
  ["tomorrow", /isn't an instant/],
  ["", /isn't an instant/],
])("refuses %j and names the forms that it takes", (text, problem) => {
  expect(() => parseInstant(text, zone, now)).toThrow(problem);
  expect(() => parseInstant(text, zone, now)).toThrow(/Expected "Sun 05:59"/);
  expect(() => parseInstant(text, zone, now)).toThrow(InstantError);
});

test("a day ends at its local midnight, or when clocks skip that", () => {
  expect(new Date(endOfDay("2026-11-24", zone)).toISOString()).toBe("2026-11-24T22:00:00.000Z");
  // Beirut's clocks go from 24:00 to 01:00.
  expect(new Date(endOfDay("2026-03-28", "Asia/Beirut")).toISOString()).toBe("2026-03-28T22:00:00.000Z");
});
