import type { Plan } from "../plan";
import type { AlertSpec } from "../plan/estate/monitoring";
import { parseDuration } from "../plan/units/duration";
import { annotationsOf, plain } from "./annotations";
import { type AlertRule, promDuration } from "./rules";

/** The rule of one of the estate's own alerts. */
export function estateRule(spec: AlertSpec, plan: Plan): AlertRule {
  return {
    alert: spec.name,
    expr: spec.expr,
    for: promDuration(parseDuration(spec.for)),
    labels: {
      severity: spec.severity,
      ...(spec.receiver === undefined ? {} : { receiver: spec.receiver }),
      holdfast_job: "estate",
      namespace: plan.estate.monitoring.namespace,
    },
    annotations: annotationsOf(
      {
        alert: spec.name,
        summary: `${spec.name} on {{ $labels.instance }}: {{ $value }}`,
        description: `The condition is ${plain(spec.expr)}`,
        receiver: spec.receiver,
      },
      plan,
    ),
  };
}
