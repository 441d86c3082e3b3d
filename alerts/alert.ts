import type { Plan } from "../plan";
import { absenceRules } from "./absence";
import { estateRule } from "./estate-rule";
import { PromqlSyntaxError } from "./promql/parse";
import { readPromql } from "./promql/read";
import type { Expr } from "./promql/syntax";
import { type AlertRule, rulesOf } from "./rules";
import { standingRules } from "./standing";
import type { StandingRule } from "./standing-rule";

/** An alert of the plan, with its expression read: one that every job gets, or one of the estate's own. */
export interface Alert {
  readonly name: string;
  readonly rule: AlertRule;
  readonly parsed: Expr | PromqlSyntaxError;
  readonly severity: "warning" | "critical";
  /** Absent where the estate names none. */
  readonly receiver?: string;
  /** `estate` is written by the operator, the others are derived by the plan; `standing` is of what the jobs stand on. */
  readonly origin: "job" | "estate" | "absence" | "standing";
  /** Job that it watches, or the estate's own alert that it came from; a standing one's own name. */
  readonly of: string;
  /** Whether a runbook page is written for it. */
  readonly runbook: boolean;
}

const known = new WeakMap<Plan, readonly Alert[]>();

/**
 * Every alert of a plan that people hear: those of each job, the estate's own, absence alerts for the latter's series, and those of what
 * the jobs stand on.
 */
export function allAlerts(plan: Plan): readonly Alert[] {
  const found = known.get(plan) ?? [
    ...jobAlerts(plan),
    ...ownAlerts(plan),
    ...absenceRules(plan).map(absenceAlert),
    ...standingRules(plan).map(standingAlert),
  ];
  known.set(plan, found);
  return found;
}

/** The estate's own alerts. */
export function ownAlerts(plan: Plan): Alert[] {
  return plan.estate.monitoring.alerts.map(spec => ({
    name: spec.name,
    rule: estateRule(spec, plan),
    parsed: readPromql(spec.expr),
    severity: spec.severity,
    ...(spec.receiver === undefined ? {} : { receiver: spec.receiver }),
    origin: "estate",
    of: spec.name,
    runbook: spec.runbook,
  }));
}

function jobAlerts(plan: Plan): Alert[] {
  return plan.jobs.flatMap(job =>
    rulesOf(job, plan).rules.map(rule => ({
      name: rule.alert,
      rule,
      parsed: readPromql(rule.expr),
      severity: job.judged.severity,
      receiver: job.judged.receiver,
      origin: "job" as const,
      of: job.name,
      runbook: true,
    })),
  );
}

function absenceAlert({ of, rule, severity, receiver }: ReturnType<typeof absenceRules>[number]): Alert {
  return {
    name: rule.alert,
    rule,
    parsed: readPromql(rule.expr),
    severity,
    ...(receiver === undefined ? {} : { receiver }),
    origin: "absence",
    of,
    runbook: true,
  };
}

function standingAlert({ rule, severity, receiver }: StandingRule): Alert {
  return {
    ...{ name: rule.alert, rule, severity, receiver },
    ...{ parsed: readPromql(rule.expr), origin: "standing", of: rule.alert, runbook: true },
  };
}

/** An alert whose expression could be read. */
export type ReadAlert = Alert & { readonly parsed: Expr };

/** The alerts with an expression that can be analysed; the others are `alerts/syntax`'s. */
export function readAlerts(plan: Plan): ReadAlert[] {
  return allAlerts(plan).filter((alert): alert is ReadAlert => !(alert.parsed instanceof PromqlSyntaxError));
}
