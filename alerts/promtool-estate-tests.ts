import type { Plan } from "../plan";
import { parseDuration } from "../plan/units/duration";
import { absenceRules } from "./absence";
import { estateRules } from "./groups";
import {
  absentTestsOf,
  type AlertTests,
  expected,
  interval,
  minuteMs,
  type RuleTest,
  testsOf,
} from "./promtool-tests";
import type { AlertRule, RuleGroup } from "./rules";
import { standingRules } from "./standing";
import type { StandingRule } from "./standing-rule";
import { watchdogRules } from "./watchdog";

/** A series that has no new sample is gone after that long. */
const lookbackMinutes = 5;

/**
 * Tests of the absence alerts of the estate's own ones: each fires when its series have been gone for its time. Of what the jobs stand
 * on: quiet while it is well, firing when it isn't. And of the one that fires from the first look on.
 */
export function promtoolTestsOfEstate(plan: Plan): AlertTests[] {
  const absences = new Set(absenceRules(plan).map(({ rule }) => rule.alert));
  const standing = standingRules(plan);
  return [
    ...estateRules(plan).flatMap(group => [
      ...group.rules.filter(rule => absences.has(rule.alert)).map(rule => absentTestsOf(group, rule)),
      ...standing.map(each => standingTestsOf(group, each)),
    ]),
    ...watchdogRules(plan).flatMap(group => group.rules.map(rule => alwaysTestsOf(group, rule))),
  ];
}

function standingTestsOf(group: RuleGroup, { rule, proof }: StandingRule): AlertTests {
  const waitsMs = parseDuration(rule.for) + (proof.afterMs ?? 0);
  const minute = Math.ceil(waitsMs / minuteMs) + lookbackMinutes + 10;
  const told = (
    name: string,
    values: string,
    exp_alerts: RuleTest["alert_rule_test"][number]["exp_alerts"],
  ) => ({
    name: `${rule.alert}: ${name}`,
    interval,
    input_series: [{ series: proof.series, values }, ...(proof.beside ?? [])],
    alert_rule_test: [{ eval_time: `${minute}m`, alertname: rule.alert, exp_alerts }],
  });
  const tests = [
    told("quiet while all is well", proof.well, []),
    told("firing when it isn't", proof.ill, [
      expected({ ...rule, labels: { ...rule.labels, ...proof.written } }, proof.labels),
    ]),
  ];
  // In each minute of days, promtool would look at all of them.
  return testsOf(group, rule, tests, proof.afterMs === undefined ? interval : "10m");
}

function alwaysTestsOf(group: RuleGroup, rule: AlertRule): AlertTests {
  const fires = (eval_time: string) => ({
    ...{ eval_time, alertname: rule.alert },
    exp_alerts: [expected(rule, {})],
  });
  const name = `${rule.alert}: firing all the time`;
  return testsOf(group, rule, [
    { name, interval, input_series: [], alert_rule_test: [fires("0m"), fires("10m")] },
  ]);
}
