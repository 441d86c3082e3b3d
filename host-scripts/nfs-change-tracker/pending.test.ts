import fc from "fast-check";
import { Pending } from "./pending";

function taken(most: number, names: readonly (readonly ["p" | "s", string])[]) {
  const pending = new Pending(most);
  for (const [kind, path] of names) {
    if (kind === "p") pending.addPath(path);
    else pending.addSubtree(path);
    expect(pending.size).toBeLessThanOrEqual(most);
  }
  return pending.take();
}

test("names each path once, and none that lies in a subtree", () => {
  expect(
    taken(100, [
      ["p", "a"],
      ["p", "b/c"],
      ["p", "a"],
      ["s", "b"],
      ["p", "b/d"],
      ["s", "b/e"],
      ["p", "bc"],
    ]),
  ).toEqual({ paths: ["a", "bc"], subtrees: ["b"] });
});

test("of too many names, their folders are kept, and what they have in common if those are too many", () => {
  const files = (folders: number, each: number) =>
    Array.from({ length: folders * each }, (_, n) => ["p", `top/${n % folders}/f${n}`] as const);
  expect(taken(100, files(3, 60))).toMatchObject({ subtrees: ["top/0", "top/1", "top/2"] });
  expect(taken(100, files(300, 1))).toEqual({ paths: [], subtrees: ["top"] });
  expect(
    taken(
      10,
      Array.from({ length: 50 }, (_, n) => ["s", `f${n}`] as const),
    ),
  ).toEqual({
    paths: [],
    subtrees: ["."],
  });
});

test("whatever comes in whatever order, each name is told or lies in what is told", () => {
  const path = fc
    .array(fc.constantFrom("a", "b", "c\n", "\xff"), { minLength: 1, maxLength: 4 })
    .map(words => words.join("/"));
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.array(fc.tuple(fc.constantFrom("p" as const, "s" as const), path), { maxLength: 60 }),
      (most, names) => {
        const { paths, subtrees } = taken(most, names);
        for (const [kind, name] of names) {
          const isIn = subtrees.some(
            above => above === "." || name === above || name.startsWith(`${above}/`),
          );
          expect(isIn || (kind === "p" && paths.includes(name))).toBe(true);
        }
      },
    ),
  );
});
