import { costOf, shareOf } from "./scrub-share";

const day = 86_400_000;

/** Files of a size that a night compares, of so many. */
const files = (entries: number, size: number, sinceMs = day): number =>
  Math.floor(shareOf({ "/backup": { entries, bytes: entries * size } }, sinceMs, 60 * day) / costOf(size));

test("each file is compared twice in the period, however small it is, and no night compares all of many small ones", () => {
  for (const size of [22, 8_192, 3_000_000]) {
    expect(files(1_000_000, size)).toBeGreaterThanOrEqual(Math.floor(1_000_000 / 24));
    expect(files(1_000_000, size)).toBeLessThan(1_000_000 / 20);
  }
  expect(files(50_000, 22)).toBeLessThan(2_500);
  expect(files(500, 22)).toBeGreaterThan(500);
  // A week without a run is made up.
  expect(files(1_000_000, 22, 7 * day)).toBeGreaterThan(6.9 * files(1_000_000, 22));
});
