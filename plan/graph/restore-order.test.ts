import { restoreOrder, type Waiting } from "./restore-order";

const waiting = (
  service: string,
  dueMs: number,
  loads: Readonly<Record<string, number>>,
  needs: readonly string[] = [],
): Waiting => ({
  ...{ service, needs, dueMs },
  loads: new Map(Object.entries(loads).map(([link, bytesMs]) => [link, { bytesMs, latencyMs: 10 }])),
});

test("what is promised soonest comes first on a link, the way to its far end once; links go side by side", () =>
  expect(
    restoreOrder([
      waiting("large", Infinity, { nas: 1000 }),
      waiting("late", 500, { nas: 100 }),
      waiting("soon", 50, { nas: 20, disk: 5 }),
      waiting("near", 60, { disk: 7 }),
    ]),
  ).toEqual([
    { service: "soon", backMs: 30 },
    { service: "near", backMs: 22 },
    { service: "late", backMs: 130 },
    { service: "large", backMs: 1130 },
  ]));

test("what is needed comes before what needs it, and is as urgent; a circle has an order all the same", () => {
  expect(
    restoreOrder([
      waiting("wiki", 200, { nas: 10 }),
      waiting("app", 100, { disk: 1 }, ["database"]),
      waiting("database", Infinity, { nas: 50 }),
    ]),
  ).toEqual([
    { service: "database", backMs: 60 },
    { service: "app", backMs: 61 },
    { service: "wiki", backMs: 70 },
  ]);
  expect(
    restoreOrder([waiting("one", 1, { nas: 1 }, ["two"]), waiting("two", 1, { nas: 1 }, ["one"])]),
  ).toHaveLength(2);
});
