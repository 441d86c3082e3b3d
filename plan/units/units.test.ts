import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration";
import { parseSize } from "./size";

test.each([
  ["26h", 93_600_000],
  ["1h 30min", 5_400_000],
  ["2d3h", 183_600_000],
  ["1.5s", 1_500],
  ["0s", 0],
])("reads %s as %i ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["26", "-1h", "1 fortnight", "", "h", "1h 30"])("refuses the duration %j", text =>
  expect(() => parseDuration(text)).toThrow(/expected numbers with a unit/),
);

test.each([
  [92_880_000, "25 h 48 min"],
  [1_382_400_000, "16 d"],
  [90_000, "1 min 30 s"],
  [1_500, "1.5 s"],
])("prints %i ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("reads what it prints, to the minute", () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000 }), minutes =>
      expect(parseDuration(formatDuration(minutes * 60_000))).toBe(minutes * 60_000),
    ),
  ));

test.each([
  ["1.1TB", 1.1e12],
  ["400 GiB", 400 * 2 ** 30],
])("reads %s as %i bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(["400", "-1GB", "1 XB", ""])("refuses the size %j", text =>
  expect(() => parseSize(text)).toThrow(/expected a number with a unit/),
);
