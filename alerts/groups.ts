import type { Plan } from "../plan";
import { parseDuration } from "../plan/units/duration";
import { absenceRules } from "./absence";
import { standingRules } from "./standing";
import { watchdogRules } from "./watchdog";
import { estateRule } from "./estate-rule";
import { promDuration, type RuleGroup, rulesOf } from "./rules";

/** Every rule of a plan: a group for each job, one for the estate's own alerts, and the one that always fires. */
export function ruleGroups(plan: Plan): RuleGroup[] {
  return [...plan.jobs.map(job => rulesOf(job, plan)), ...estateRules(plan), ...watchdogRules(plan)];
}

/**
 * The rules of the estate's own alerts, each with the absence alert that fires when its series are gone, and those about what the
 * jobs stand on; nothing when there are none. `holdfast_job` is what the routes match on.
 */
export function estateRules(plan: Plan): RuleGroup[] {
  const { alerts, evaluationInterval } = plan.estate.monitoring;
  const rules = [
    ...alerts.map(spec => estateRule(spec, plan)),
    ...absenceRules(plan).map(absence => absence.rule),
    ...standingRules(plan).map(standing => standing.rule),
  ];
  if (rules.length === 0) return [];
  return [
    {
      name: `holdfast-${plan.estate.name}`,
      interval: promDuration(parseDuration(evaluationInterval)),
      rules,
    },
  ];
}
