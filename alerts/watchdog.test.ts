import { parseEstate, planOf } from "../plan";
import { exampleWith } from "../plan/estate/example";
import { ruleGroups } from "./groups";
import { routesOf } from "./routes";

const watched = (every?: string) =>
  parseEstate(
    exampleWith(({ monitoring }) => {
      if (every !== undefined && monitoring.deadMan) monitoring.deadMan.every = every;
    }),
  );
const unwatched = parseEstate(exampleWith(({ monitoring }) => delete monitoring.deadMan));

test("what always fires goes out before all others, again and again, and its end is silence", () => {
  const { route, receivers } = routesOf(watched());
  expect(route.routes[0]).toEqual({
    receiver: "DeadMan",
    matchers: [{ name: "alertname", value: "HoldfastWatchdog", matchType: "=" }],
    ...{ groupWait: "0s", groupInterval: "60s", repeatInterval: "300s" },
  });
  expect(receivers.at(-1)).toEqual({
    name: "DeadMan",
    webhookConfigs: [{ urlSecret: { name: "watchdog", key: "url" }, sendResolved: false }],
  });
  expect(routesOf(watched("2s")).route.routes[0]).toMatchObject({
    ...{ groupInterval: "1s", repeatInterval: "2s" },
  });
});

test("its rule carries what the routes of its object ask for", () => {
  const { route } = routesOf(watched());
  const [rule] = ruleGroups(planOf(watched())).at(-1)?.rules ?? [];
  expect(rule).toMatchObject({ alert: "HoldfastWatchdog", expr: "vector(1)", for: "0s" });
  expect(rule?.labels).toEqual({ severity: "none", holdfast_job: "watchdog", namespace: "monitoring" });
  for (const { name, value } of route.matchers) expect(rule?.labels[name]).toMatch(new RegExp(`^${value}$`));
});

test("nothing fires for nobody", () => {
  const text = JSON.stringify([routesOf(unwatched), ruleGroups(planOf(unwatched))]);
  expect(text).not.toMatch(/Watchdog|DeadMan/);
});
