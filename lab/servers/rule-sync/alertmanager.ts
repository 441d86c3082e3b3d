import { labMonitoring, type MatcherStrategy, monitoringNamespace } from "../monitoring";
import type { AlertmanagerConfig, InhibitRule, Matcher, Route, TimeInterval } from "./objects";
import { type ReadSecret, receiverOf } from "./receivers";

/** What one AlertmanagerConfig object adds to Alertmanager's configuration. */
export interface Fragment {
  readonly route?: object;
  readonly receivers: readonly object[];
  readonly inhibitRules: readonly object[];
  readonly timeIntervals: readonly object[];
}

/** A matcher in Alertmanager's own notation, e.g. `severity=~"warning|critical"`. */
export function matcherText({ name, value = "", matchType, regex }: Matcher): string {
  const escaped = value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
  return `${name}${matchType ?? (regex ? "=~" : "=")}"${escaped}"`;
}

/**
 * Translates one object as the Prometheus operator does: names get the prefix `NAMESPACE/NAME/`, its top route goes on to the
 * next one, and its routes see the alerts that the strategy grants.
 * @param secret reads a key of a Secret in the object's namespace
 * @throws when a Secret, key or kind of receiver is missing here
 */
export function fragmentOf(
  object: AlertmanagerConfig,
  secret: ReadSecret,
  strategy: MatcherStrategy,
): Fragment {
  const { namespace, name } = object.metadata;
  const prefixed = (text: string): string => (text === "" ? "" : `${namespace}/${name}/${text}`);
  const own =
    strategy === "OnNamespace" ||
    (strategy === "OnNamespaceExceptForAlertmanagerNamespace" && namespace !== monitoringNamespace);
  const ours = own ? [matcherText({ name: "namespace", value: namespace, matchType: "=" })] : [];
  const { route, receivers, inhibitRules, muteTimeIntervals } = object.spec;
  const inhibiting = inhibitRules.map(rule => inhibitRuleOf(rule, ours));
  // The operator takes receivers and intervals of an object without a route for unused.
  if (!route) return { receivers: [], inhibitRules: inhibiting, timeIntervals: [] };
  const top = routeOf(route, prefixed);
  return {
    route: { ...top, matchers: [...top.matchers, ...ours], continue: true },
    receivers: receivers.map(receiver => receiverOf(receiver, prefixed(receiver.name), secret)),
    inhibitRules: inhibiting,
    timeIntervals: muteTimeIntervals.map(interval => ({
      name: prefixed(interval.name),
      time_intervals: interval.timeIntervals.map(timeIntervalOf),
    })),
  };
}

/** The whole configuration. Alerts that no object routes end at a receiver that does nothing, as with the operator. */
export function alertmanagerConfig(fragments: readonly Fragment[]): object {
  return {
    route: {
      receiver: "null",
      group_by: ["job"],
      group_wait: labMonitoring.groupWait,
      group_interval: labMonitoring.groupInterval,
      repeat_interval: labMonitoring.repeatInterval,
      routes: fragments.flatMap(fragment => fragment.route ?? []),
    },
    receivers: [{ name: "null" }, ...fragments.flatMap(fragment => fragment.receivers)],
    inhibit_rules: fragments.flatMap(fragment => fragment.inhibitRules),
    time_intervals: fragments.flatMap(fragment => fragment.timeIntervals),
  };
}

function routeOf(route: Route, prefixed: (name: string) => string): { matchers: string[] } {
  return {
    ...(route.receiver ? { receiver: prefixed(route.receiver) } : {}),
    ...(route.groupBy ? { group_by: route.groupBy } : {}),
    ...(route.groupWait ? { group_wait: route.groupWait } : {}),
    ...(route.groupInterval ? { group_interval: route.groupInterval } : {}),
    ...(route.repeatInterval ? { repeat_interval: route.repeatInterval } : {}),
    ...(route.continue ? { continue: true } : {}),
    ...(route.muteTimeIntervals ? { mute_time_intervals: route.muteTimeIntervals.map(prefixed) } : {}),
    ...(route.activeTimeIntervals ? { active_time_intervals: route.activeTimeIntervals.map(prefixed) } : {}),
    ...(route.routes ? { routes: route.routes.map(child => routeOf(child, prefixed)) } : {}),
    matchers: (route.matchers ?? []).map(matcherText),
  };
}

function inhibitRuleOf(rule: InhibitRule, ours: readonly string[]): object {
  const matchers = (list: readonly Matcher[]): string[] => [...new Set([...list.map(matcherText), ...ours])];
  return {
    source_matchers: matchers(rule.sourceMatch),
    target_matchers: matchers(rule.targetMatch),
    equal: rule.equal,
  };
}

function timeIntervalOf(interval: TimeInterval): object {
  return {
    ...(interval.times
      ? {
          times: interval.times.map(({ startTime, endTime }) => ({
            start_time: startTime,
            end_time: endTime,
          })),
        }
      : {}),
    ...(interval.weekdays ? { weekdays: interval.weekdays } : {}),
    ...(interval.daysOfMonth
      ? { days_of_month: interval.daysOfMonth.map(({ start, end }) => `${start}:${end ?? start}`) }
      : {}),
    ...(interval.months ? { months: interval.months } : {}),
    ...(interval.years ? { years: interval.years } : {}),
  };
}
