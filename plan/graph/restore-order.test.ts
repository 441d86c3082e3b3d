import { backAlone, loadsOf, restoreOrder, type Waiting } from "./restore-order";

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

test("alone, a service waits for all that it needs on the same link, and for nothing else", () => {
  const services = [
    waiting("wiki", 1, { nas: 40 }),
    waiting("app", 100, { disk: 1 }, ["database", "state"]),
    waiting("database", Infinity, { nas: 50 }, ["state"]),
    waiting("state", Infinity, { nas: 20 }),
  ];
  const byName = new Map(services.map(each => [each.service, each]));
  const [wiki, app] = services;
  expect([wiki, app].map(each => each && backAlone(each, byName))).toEqual([50, 81]);
});

test("a link's transfers add up, and the way to its far end is gone once; what is swapped takes no link", () =>
  expect(
    loadsOf([
      { link: "nas > pve", bytesMs: 5, latencyMs: 2 },
      { link: "nas > pve", bytesMs: 7, latencyMs: 3 },
      { bytesMs: 0, latencyMs: 0 },
    ]),
  ).toEqual(new Map([["nas > pve", { bytesMs: 12, latencyMs: 3 }]])));
