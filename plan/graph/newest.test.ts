import * as fc from "fast-check";
import { newestOver } from "./newest";

/** Pairs of [available, read], as a way brings them. */
type Brought = readonly (readonly [number, number])[];

function newestOf(brought: readonly Brought[], fromMs: number, toMs: number): [number, number, number][] {
  const versions = brought.map(pairs => ({
    availableMs: pairs.map(([available]) => available),
    readMs: pairs.map(([, read]) => read),
  }));
  const { count, availableMs, readMs, way } = newestOver(versions, fromMs, toMs);
  return Array.from({ length: count }, (_, index) => [
    availableMs[index] ?? -1,
    readMs[index] ?? -1,
    way[index] ?? -1,
  ]);
}

test("what is older than what is there already is passed over, and what is there before is known", () => {
  const slow: Brought = [
    [10, 1],
    [20, 11],
    [30, 21],
  ];
  const fast: Brought = [
    [12, 9],
    [22, 19],
    [40, 39],
  ];
  expect(newestOf([slow, fast], 15, 40)).toEqual([
    [10, 1, 0],
    [12, 9, 1],
    [20, 11, 0],
    [22, 19, 1],
    [30, 21, 0],
  ]);
  expect(newestOf([slow, fast], 25, 30)).toEqual([
    [20, 11, 0],
    [22, 19, 1],
  ]);
});

test("of two that come at one instant with the same data, the first way's counts", () => {
  expect(newestOf([[[5, 3]], [[5, 3]]], 0, 10)).toEqual([[5, 3, 0]]);
  expect(newestOf([[[5, 3]], [[5, 4]]], 0, 10)).toEqual([
    [5, 3, 0],
    [5, 4, 1],
  ]);
});

const aWay: fc.Arbitrary<Brought> = fc
  .array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 })
  .map(pairs => {
    const available = pairs.map(([at]) => at).sort((one, other) => one - other);
    const read = pairs.map(([, from]) => from).sort((one, other) => one - other);
    return available.map((at, index) => [at, Math.min(read[index] ?? 0, at)] as const);
  });

test("at each instant it is the newest of all that are there", () =>
  fc.assert(
    fc.property(fc.array(aWay, { minLength: 1, maxLength: 5 }), fc.nat(60), (ways, fromMs) => {
      const found = newestOf(ways, fromMs, 61);
      for (let nowMs = fromMs; nowMs < 61; nowMs++) {
        const there = ways.flat().filter(([available]) => available <= nowMs);
        const expected = there.length === 0 ? undefined : Math.max(...there.map(([, read]) => read));
        expect(found.filter(([available]) => available <= nowMs).at(-1)?.[1]).toBe(expected);
      }
    }),
  ));
