import { limitAt, pace, timeAtPace } from "./pace";

const hourMs = 3_600_000;
const day = { fromMs: 7 * hourMs, toMs: 23 * hourMs, bytesPerSecond: 1_000_000 };
const night = { fromMs: 23 * hourMs, toMs: 2 * hourMs, bytesPerSecond: 5_000_000 };

test("a zone that doesn't exist is refused before a release goes live, and ends no night in its middle", () => {
  const zoned = (zone: string) => pace.safeParse({ zone, limits: [day] }).success;
  expect([zoned("Europe/Sofia"), zoned("Europe/Atlantis")]).toEqual([true, false]);
});

test("a limit holds from its first instant to its last, over midnight too, and none holds between", () => {
  const at = (hours: number) => limitAt({ limits: [day, night] }, hours * hourMs);
  expect(at(7)).toEqual({ bytesPerSecond: 1_000_000, forMs: 16 * hourMs });
  expect(at(22.5)).toEqual({ bytesPerSecond: 1_000_000, forMs: hourMs / 2 });
  expect(at(23)).toEqual({ bytesPerSecond: 5_000_000, forMs: 3 * hourMs });
  expect(at(1)).toEqual({ bytesPerSecond: 5_000_000, forMs: hourMs });
  expect(at(2)).toEqual({ bytesPerSecond: undefined, forMs: 5 * hourMs });
});

test("bytes take as long as the hours that they pass let them", () => {
  const took = (fromHours: number, bytes: number): number =>
    timeAtPace({ limits: [day] }, fromHours * hourMs, bytes, 10_000) / hourMs;
  // 10 MB a second at night, 1 MB at daytime.
  expect(took(0, 36e9)).toBe(1);
  expect(took(6, 36e9 + 3.6e9)).toBe(2);
  expect(took(6, 36e9 + 16 * 3.6e9 + 36e9)).toBe(18);
  // A line that has less than the limit isn't made faster by it.
  expect(timeAtPace({ limits: [day] }, 8 * hourMs, 3.6e9, 500) / hourMs).toBe(2);
});
