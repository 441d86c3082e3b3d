import fc from "fast-check";
import { expired, type KeepPolicy } from "./keep-policy";
import { periodOf } from "./period";

const zone = "Europe/Berlin";
const dayMs = 86_400_000;
const now = Date.parse("2026-11-24T03:00:00Z");

/** Instants of snapshots in the order in which they were made; clocks may have leapt. */
const made = fc.array(fc.integer({ min: now - 90 * dayMs, max: now + 2 * dayMs }), { maxLength: 60 });
const age: fc.Arbitrary<KeepPolicy> = fc.record({
  kind: fc.constant("age" as const),
  ms: fc.integer({ min: 1, max: 40 * dayMs }),
  atLeast: fc.integer({ min: 1, max: 5 }),
});
const tier = fc.record({
  every: fc.constantFrom("run", "hour", "day", "week", "month"),
  count: fc.integer({ min: 1, max: 8 }),
});
const tiers: fc.Arbitrary<KeepPolicy> = fc.record({
  kind: fc.constant("tiers" as const),
  tiers: fc.array(tier, { minLength: 1, maxLength: 3 }),
});
const policy = fc.oneof(age, tiers);

interface Made {
  readonly at: number;
  readonly index: number;
}
const generations = (times: readonly number[]): Made[] => times.map((at, index) => ({ at, index }));
const expiredOf = (list: readonly Made[], by: KeepPolicy): Made[] =>
  expired(list, ({ at }) => at, by, now, zone);

test("the newest never expires, whatever its clock said", () => {
  fc.assert(
    fc.property(made, policy, (times, by) => {
      const list = generations(times);
      const newest = list.at(-1);
      expect(expiredOf(list, by).some(each => each === newest)).toBe(false);
    }),
  );
});

test("by age, the newest few stay however old they are, and nothing younger than the age goes", () => {
  fc.assert(
    fc.property(made, age, (times, by) => {
      if (by.kind !== "age") return;
      const list = generations(times);
      const gone = expiredOf(list, by);
      expect(list.length - gone.length).toBeGreaterThanOrEqual(Math.min(by.atLeast, list.length));
      expect(gone.every(({ index }) => index < list.length - by.atLeast)).toBe(true);
      expect(gone.every(({ at }) => now - at >= by.ms)).toBe(true);
    }),
  );
});

test("tiers keep no more than their counts together, and at least one", () => {
  fc.assert(
    fc.property(made, tiers, (times, by) => {
      if (by.kind !== "tiers") return;
      const list = generations(times);
      const left = list.length - expiredOf(list, by).length;
      const most = by.tiers.reduce((sum, { count }) => sum + count, 0);
      expect(left).toBeLessThanOrEqual(most);
      expect(left).toBeGreaterThanOrEqual(Math.min(1, list.length));
    }),
  );
});

test("a tier of days keeps the last one made of each of the newest days", () => {
  fc.assert(
    fc.property(made, fc.integer({ min: 1, max: 8 }), (times, count) => {
      const list = generations([...times].sort((a, b) => a - b));
      const gone = new Set(expiredOf(list, { kind: "tiers", tiers: [{ every: "day", count }] }));
      const days = list.filter(each => !gone.has(each)).map(({ at }) => periodOf(at, "day", zone));
      const all = [...new Set(list.map(({ at }) => periodOf(at, "day", zone)))];
      expect(days).toEqual(all.slice(-count));
    }),
  );
});

test("what is left expires no further when it is asked again", () => {
  fc.assert(
    fc.property(made, policy, (times, by) => {
      const list = generations(times);
      const gone = new Set(expiredOf(list, by));
      expect(
        expiredOf(
          list.filter(each => !gone.has(each)),
          by,
        ),
      ).toEqual([]);
    }),
  );
});

test("the order in which they were made decides, not the clock: one that leapt back doesn't make the newest go", () => {
  const list = generations([now - dayMs, now, now - 400 * dayMs]);
  expect(expiredOf(list, { kind: "age", ms: 7 * dayMs, atLeast: 1 })).toEqual([]);
  expect(expiredOf(list, { kind: "tiers", tiers: [{ every: "run", count: 1 }] })).toEqual(list.slice(0, 2));
});

test("one from the future is kept by age", () => {
  const list = generations([now + dayMs, now - dayMs - 1, now]);
  expect(expiredOf(list, { kind: "age", ms: dayMs, atLeast: 1 })).toEqual([list[1]]);
});
