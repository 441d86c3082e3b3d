import { daysToFull, farDays, isCleaning } from "./forecast";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 28);

/** Looks of the last days, by what was used then; bytes. */
const looks = (...bytes: number[]) =>
  bytes.map((used, index) => ({ atMs: now - (bytes.length - 1 - index) * day, bytes: used }));

const facts = (freeBytes: number, pinnedBytes = 0, snapshotAges: readonly number[] = [7]) => ({
  volume: { sizeBytes: 1000, freeBytes },
  pinnedBytes,
  snapshots: snapshotAges.map(age => ({ name: `${age}`, atMs: now - age * day })),
});

test("a steady growth is full when what is free is used up", () => {
  expect(daysToFull(looks(100, 110, 120, 130), facts(870), now, 7 * day)).toBeCloseTo(87);
});

test("the step by which a cleaner frees room hides no growth, and what comes once a week is seen", () => {
  expect(daysToFull(looks(500, 510, 520, 230, 240, 250), facts(750), now, 7 * day)).toBeCloseTo(75);
  const weekly = Array.from({ length: 21 }, (_, index) => 100 + 70 * Math.floor(index / 7));
  expect(daysToFull(looks(...weekly), facts(700), now, 7 * day)).toBeLessThan(100);
});

test("a look is left out where more went than came, and not because one goes each day", () => {
  const snapshots = [3, 2, 1, 0].map(ago => ({ name: `${ago}`, atMs: now - ago * day }));
  expect(isCleaning(snapshots.slice(0, 3), snapshots.slice(1))).toBe(false);
  expect(isCleaning(snapshots.slice(0, 3), snapshots.slice(2))).toBe(true);
  expect(isCleaning([], snapshots)).toBe(false);
});

test("snapshots that are younger than they will be pin more before they let go", () => {
  const used = looks(100, 110, 120);
  expect(daysToFull(used, facts(880, 100, [2]), now, 6 * day)).toBeCloseTo(68);
  expect(daysToFull(used, facts(880, 100, [6]), now, 6 * day)).toBeCloseTo(88);
  expect(daysToFull(looks(100, 100, 100), facts(100, 100, [2]), now, 6 * day)).toBe(0);
});

test("what shrinks isn't full soon, and a single day says nothing", () => {
  expect(daysToFull(looks(120, 110, 100), facts(900), now, 7 * day)).toBe(farDays);
  expect(daysToFull(looks(100, 110), facts(890), now, 7 * day)).toBeUndefined();
});
