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

test("of a copy that something else lies in too, a drill says nothing of one of them", () => {
  const isBooks = ([, , names]: ReturnType<typeof promised>[number]): boolean =>
    (names as readonly string[]).includes("books");
  expect(promised(promiseBooks).some(isBooks)).toBe(true);
  expect(
    promised(estate => {
      promiseBooks(estate);
      estate.services["covers"] = {
        data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books/covers", size: "1GB" }],
      };
    }).some(isBooks),
  ).toBe(false);
});

function promiseBooks({ services }: ExampleEstate): void {
  const { promise } = services["books"] ?? {};
  if (promise) promise.rto = "4h";
}
