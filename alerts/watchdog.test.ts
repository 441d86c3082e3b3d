import { parseEstate, planOf } from "../plan";
import { exampleWith } from "../plan/estate/example";
import { ruleGroups } from "./groups";
import { routesOf } from "./routes";
import { watchdogRouting } from "./watchdog";

const watched = (every?: string) =>
  parseEstate(
    exampleWith(({ monitoring }) => {
      if (every !== undefined && monitoring.deadMan) monitoring.deadMan.every = every;
    }),
  );
const unwatched = parseEstate(exampleWith(({ monitoring }) => delete monitoring.deadMan));

test("what always fires goes out by an object of its own, again and again, and its end is silence", () => {
  const urlSecret = { name: "watchdog", key: "url" };
  expect(watchdogRouting(watched())).toEqual([
    {
      route: {
        receiver: "DeadMan",
        groupBy: ["alertname"],
        matchers: [{ name: "alertname", value: "HoldfastWatchdog", matchType: "=" }],
        routes: [],
        ...{ groupWait: "0s", groupInterval: "60s", repeatInterval: "300s" },
      },
      // Also those of all others: where one of their Secrets is gone, nobody would hear of an alert.
      receivers: [
        ...routesOf(watched()).receivers,
        { name: "DeadMan", webhookConfigs: [{ urlSecret, sendResolved: false }] },
      ],
    },
  ]);
  expect(watchdogRouting(watched("2s"))).toMatchObject([
    { route: { groupInterval: "1s", repeatInterval: "2s" } },
  ]);
});

test("as long as its Secret isn't there, all other alerts are routed", () =>
  expect(JSON.stringify(routesOf(watched()))).not.toContain("watchdog"));

test("its rule is heard by nobody else", () => {
  const [rule] = ruleGroups(planOf(watched())).at(-1)?.rules ?? [];
  expect(rule).toMatchObject({ alert: "HoldfastWatchdog", expr: "vector(1)", for: "0s" });
  expect(rule?.labels).toEqual({ severity: "none", namespace: "monitoring" });
  // A label that isn't there is empty.
  for (const { name, value } of routesOf(watched()).route.matchers)
    expect(rule?.labels[name] ?? "").not.toMatch(new RegExp(`^${value}$`));
});

test("nothing fires for nobody", () => {
  const text = JSON.stringify([watchdogRouting(unwatched), ruleGroups(planOf(unwatched))]);
  expect(text).not.toMatch(/Watchdog|DeadMan/);
});
