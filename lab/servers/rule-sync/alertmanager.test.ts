import type { MatcherStrategy } from "../monitoring";
import { fragmentOf, matcherText } from "./alertmanager";
import { alertmanagerConfigObject } from "./objects";

const secret = (name: string, key: string): string => `http://receiver/${name}/${key}`;
const object = (spec: object): unknown => ({
  metadata: { name: "backups", namespace: "apps", uid: "u1" },
  spec,
});
const fragment = (spec: object, strategy: MatcherStrategy = "None"): object =>
  fragmentOf(alertmanagerConfigObject.parse(object(spec)), secret, strategy);

test("prefixes names, goes on to other objects' routes, and takes Slack's address from the Secret", () => {
  expect(
    fragment({
      route: {
        receiver: "slack",
        groupBy: ["alertname"],
        matchers: [{ name: "holdfast_job", value: ".+", matchType: "=~" }],
        routes: [
          {
            receiver: "slack",
            matchers: [{ name: "severity", value: "info" }],
            activeTimeIntervals: ["day"],
          },
        ],
      },
      receivers: [
        {
          name: "slack",
          slackConfigs: [
            {
              apiURL: { name: "hook", key: "url" },
              iconURL: "http://i",
              mrkdwnIn: ["text"],
              sendResolved: true,
            },
          ],
        },
      ],
      muteTimeIntervals: [
        {
          name: "day",
          timeIntervals: [{ times: [{ startTime: "08:00", endTime: "20:00" }], daysOfMonth: [{ start: 1 }] }],
        },
      ],
    }),
  ).toEqual({
    route: {
      receiver: "apps/backups/slack",
      group_by: ["alertname"],
      matchers: ['holdfast_job=~".+"'],
      continue: true,
      routes: [
        {
          receiver: "apps/backups/slack",
          matchers: ['severity="info"'],
          active_time_intervals: ["apps/backups/day"],
        },
      ],
    },
    receivers: [
      {
        name: "apps/backups/slack",
        slack_configs: [
          {
            api_url: "http://receiver/hook/url",
            icon_url: "http://i",
            mrkdwn_in: ["text"],
            send_resolved: true,
          },
        ],
        ...{ webhook_configs: [], email_configs: [], telegram_configs: [], pagerduty_configs: [] },
      },
    ],
    inhibitRules: [],
    timeIntervals: [
      {
        name: "apps/backups/day",
        time_intervals: [{ times: [{ start_time: "08:00", end_time: "20:00" }], days_of_month: ["1:1"] }],
      },
    ],
  });
});

const simple = {
  route: { receiver: "none" },
  receivers: [{ name: "none" }],
  inhibitRules: [{ sourceMatch: [{ name: "severity", value: "critical" }], targetMatch: [], equal: ["job"] }],
};

test.each([
  ["OnNamespace", ['namespace="apps"']],
  ["OnNamespaceExceptForAlertmanagerNamespace", ['namespace="apps"']],
  ["None", []],
] as const)("under %s, routes and inhibitions are held to %j", (strategy, matchers) => {
  expect(fragment(simple, strategy)).toMatchObject({
    route: { matchers },
    inhibitRules: [
      { source_matchers: ['severity="critical"', ...matchers], target_matchers: matchers, equal: ["job"] },
    ],
  });
});

test("Alertmanager's own namespace is free under OnNamespaceExceptForAlertmanagerNamespace", () => {
  const parsed = alertmanagerConfigObject.parse({
    metadata: { name: "backups", namespace: "monitoring", uid: "u1" },
    spec: simple,
  });
  expect(fragmentOf(parsed, secret, "OnNamespaceExceptForAlertmanagerNamespace").route).toMatchObject({
    matchers: [],
  });
});

test("refuses what it can't translate instead of leaving it out", () => {
  const receiving = (config: object): object => ({
    route: { receiver: "people" },
    receivers: [{ name: "people", ...config }],
  });
  expect(() => fragment(receiving({ webexConfigs: [{ roomID: "a" }] }))).toThrow("webexConfigs");
  expect(() => fragment(receiving({ emailConfigs: [{ to: "a@b.example", hello: "b" }] }))).toThrow("hello");
});

test("an object without a route adds its inhibitions alone", () => {
  expect(fragment({ receivers: [{ name: "unused" }], inhibitRules: [] })).toEqual({
    receivers: [],
    inhibitRules: [],
    timeIntervals: [],
  });
});

test("escapes a matcher's value", () => {
  expect(matcherText({ name: "path", value: 'a\\b"c\nd', matchType: "!=" })).toBe('path!="a\\\\b\\"c\\nd"');
  expect(matcherText({ name: "path", value: "a|b", regex: true })).toBe('path=~"a|b"');
});
