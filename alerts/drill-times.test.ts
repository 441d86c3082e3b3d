import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { promisedCopies } from "./drill-times";

const promised = (change: (estate: ExampleEstate) => void = () => undefined) =>
  promisedCopies(planOf(parseEstate(exampleWith(change)))).map(({ tier, seconds, names }) => [
    tier,
    seconds,
    names,
  ]);

test("a copy is held to the shortest time that is promised of what rests on it, and to none where no time is", () => {
  const before = promised();
  expect(before.length).toBeGreaterThan(0);
  const [tier, seconds, names] = before[0] ?? [];
  const half = promised(({ services }) => {
    for (const { promise } of Object.values(services))
      if (promise?.rto !== undefined) promise.rto = `${Number(seconds) / 2}s`;
  });
  expect(half).toContainEqual([tier, Number(seconds) / 2, names]);
  expect(
    promised(({ services }) => {
      for (const { promise } of Object.values(services)) if (promise) delete promise.rto;
    }),
  ).toEqual([]);
});
