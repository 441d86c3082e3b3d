import type { AlertSpec } from "../plan/estate/monitoring";
import type { Estate } from "../plan/estate/schema";
import { parseDuration } from "../plan/units/duration";
import { dashboardOf } from "./boards/uid";
import { type AlertRule, promDuration } from "./rules";

/** The rule of one of the estate's own alerts. */
export function estateRule(spec: AlertSpec, estate: Estate): AlertRule {
  return {
    alert: spec.name,
    expr: spec.expr,
    for: promDuration(parseDuration(spec.for)),
    labels: {
      severity: spec.severity,
      ...(spec.receiver === undefined ? {} : { receiver: spec.receiver }),
      holdfast_job: "estate",
      namespace: estate.monitoring.namespace,
    },
    annotations: {
      summary: `${spec.name} on {{ $labels.instance }}: {{ $value }}`,
      // Prometheus reads annotations as templates, in which {{ begins a command.
      description: `The condition is ${spec.expr.replaceAll("{{", '{{"{{"}}')}`,
      runbook_url: `${estate.monitoring.runbooks.replace(/\/$/, "")}/${spec.name}`,
      dashboard: dashboardOf(estate),
    },
  };
}
