import { limitNow } from "./paced";

const hourMs = 3_600_000;
const pace = {
  zone: "Europe/Sofia",
  limits: [{ fromMs: 7 * hourMs, toMs: 23 * hourMs, bytesPerSecond: 1_000_000 }],
};
const at = (text: string) => {
  const { bytesPerSecond, untilMs } = limitNow(pace, Date.parse(text));
  return [bytesPerSecond, new Date(untilMs).toISOString()];
};

test("hours are the zone's", () => {
  expect(at("2026-01-10T04:59:59.500Z")).toEqual([undefined, "2026-01-10T05:00:00.000Z"]);
  expect(at("2026-01-10T05:00:00Z")).toEqual([1_000_000, "2026-01-10T21:00:00.000Z"]);
});

test("a night in which the clock is set is an hour shorter, or longer", () => {
  expect(at("2026-03-28T22:00:00Z")).toEqual([undefined, "2026-03-29T04:00:00.000Z"]);
  expect(at("2026-10-24T21:00:00Z")).toEqual([undefined, "2026-10-25T05:00:00.000Z"]);
});
