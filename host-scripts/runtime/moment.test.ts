import { momentText, parseMoment } from "./moment";

test.each([
  ["2026-05-26T03:00:00Z", Date.UTC(2026, 4, 26, 3)],
  ["2026-05-26T03:00:00.000Z", Date.UTC(2026, 4, 26, 3)],
  ["2026-05-26T03:00Z", Date.UTC(2026, 4, 26, 3)],
  ["2026-05-26T03:00:00+03:00", Date.UTC(2026, 4, 26)],
  ["2026-05-26 03:00", new Date(2026, 4, 26, 3).getTime()],
  ["2026-05-26", new Date(2026, 4, 26, 23, 59, 59).getTime()],
])("%s is an instant", (text, ms) => {
  expect(parseMoment(text)).toBe(ms);
});

test.each(["yesterday", "26.05.2026", "2026-13-01", "2026-05-26T25:00Z", "", "2026", "2026-05-26Z x"])(
  "%j is refused",
  text => {
    expect(() => parseMoment(text)).toThrow("is no time, expected");
  },
);

test("what a list shows is what --at takes", () => {
  const ms = Date.UTC(2026, 4, 26, 3, 4, 5);
  expect(parseMoment(momentText(ms))).toBe(ms);
});
