import { type DrillCopy, inTheirTurn, oldestProvedMs, type Past } from "./turns";

const day = 86_400_000;
const nowMs = 100 * day;
const copy = (of: string): DrillCopy => ({ tier: "mirror", of, path: `/b/${of}`, pick: [], lacks: [] });
const pastOf = (days: Record<string, { tried: number; proved?: number }>): ReadonlyMap<string, Past> =>
  new Map(
    Object.entries(days).map(([of, { tried, proved }]) => [
      `mirror ${of}`,
      { triedMs: tried * day, provedMs: proved === undefined ? undefined : proved * day },
    ]),
  );
const turns = (names: string, past: ReadonlyMap<string, Past>): string =>
  inTheirTurn(names.split(" ").map(copy), past, { nowMs, periodMs: 30 * day })
    .map(({ of }) => of)
    .join(" ");

test("what was never drilled comes first, then the oldest proof; what was proved within half of the period rests", () => {
  const past = pastOf({
    a: { tried: 90, proved: 90 },
    b: { tried: 80, proved: 80 },
    c: { tried: 70, proved: 70 },
    e: { tried: 85, proved: 85 },
  });
  expect(turns("a b c d e", past)).toBe("d c b e");
});

test("one that fails each night takes no other's turn, and has one all the same", () =>
  expect(turns("a b", pastOf({ a: { tried: 99, proved: 10 }, b: { tried: 80, proved: 80 } }))).toBe("b a"));

test("one that has failed since it was proved has its turn at once", () =>
  expect(turns("a b", pastOf({ a: { tried: 99, proved: 95 }, b: { tried: 95, proved: 95 } }))).toBe("a"));

test("a proof of a clock that was ahead says nothing", () =>
  expect(turns("a b", pastOf({ a: { tried: 900, proved: 900 }, b: { tried: 80, proved: 80 } }))).toBe("a b"));

test("the oldest proof is that of what has it; what never was proved counts from when it was first seen", () => {
  const past = pastOf({ a: { tried: 90, proved: 90 }, b: { tried: 99 } });
  const oldest = (names: string): number | undefined =>
    oldestProvedMs(names.split(" ").map(copy), past, { seen: { "mirror b": 60 * day }, nowMs });
  expect(oldest("a")).toBe(90 * day);
  expect(oldest("a b")).toBe(60 * day);
  expect(oldest("c")).toBe(nowMs);
  expect(oldestProvedMs([], past, { seen: {}, nowMs })).toBeUndefined();
});
