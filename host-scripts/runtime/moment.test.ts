import { momentText, parseMoment } from "./moment";

test.each([
  ["2026-05-26T03:00:00Z", Date.UTC(2026, 4, 26, 3) + 999],
  ["2026-05-26T03:00:00.000Z", Date.UTC(2026, 4, 26, 3)],
  ["2026-05-26T03:00Z", Date.UTC(2026, 4, 26, 3) + 999],
  ["2026-05-26T03:00:00+03:00", Date.UTC(2026, 4, 26) + 999],
  ["2026-05-26 03:00", new Date(2026, 4, 26, 3).getTime() + 999],
  ["2026-05-26", new Date(2026, 4, 26, 23, 59, 59, 999).getTime()],
])("%s is an instant", (text, ms) => {
  expect(parseMoment(text)).toBe(ms);
});

test.each(["yesterday", "26.05.2026", "2026-13-01", "2026-05-26T25:00Z", "", "2026", "2026-05-26Z x"])(
  "%j is refused",
  text => {
    expect(() => parseMoment(text)).toThrow("is no time, expected");
  },
);

test.each([0, 1, 500, 999])(
  "what a list shows takes what is of that very second, at %i ms of it",
  fraction => {
    const ms = Date.UTC(2026, 4, 26, 3, 4, 5, fraction);
    expect(parseMoment(momentText(ms))).toBeGreaterThanOrEqual(ms);
    expect(parseMoment(momentText(ms))).toBeLessThan(Date.UTC(2026, 4, 26, 3, 4, 6));
  },
);
