import type { Plan } from "../plan";
import type { Heard } from "../plan/contracts/alert-routing";
import type { InForce } from "../plan/contracts/in-force";
import { ruleSum } from "../plan/contracts/rule-sum";
import { parseDuration } from "../plan/units/duration";
import { ruleGroups } from "./groups";
import { routingsOf } from "./routings";
import { deadManReceiver, watchdogName } from "./watchdog";

/**
 * What Prometheus and Alertmanager have after a deployment, where the estate says that they answer. The plan's jobs know nothing of
 * alerts: it is added to what the look at the host is told.
 * @param areObjects whether an operator gives them rules and routes; without one, its file of routes is somebody's own
 */
export function monitoringInForce(plan: Plan, areObjects: boolean): InForce[] {
  const { prometheus, alertmanager } = plan.estate.monitoring;
  return [
    ...(prometheus === undefined
      ? []
      : ruleGroups(plan).map(({ name, rules }): InForce => ({
          ...{ kind: "rules", prometheus, group: name },
          alerts: rules.map(({ alert, expr, for: wait, labels }) => ({
            alert,
            sum: ruleSum({ expr, labels, forS: parseDuration(wait) / 1000 }),
          })),
        }))),
    ...(alertmanager === undefined || !areObjects
      ? []
      : heardOf(plan).map((heard): InForce => ({ kind: "route", alertmanager, ...heard }))),
  ];
}

/** Who is to hear of which alerts, by the objects of their routes. */
export function heardOf(plan: Plan): Heard[] {
  const { namespace } = plan.estate.monitoring;
  const { routes, watchdog } = routingsOf(plan.estate);
  const rules = ruleGroups(plan).flatMap(group => group.rules);
  return [routes, ...watchdog].flatMap(({ objectName, routing: { route } }) =>
    [...new Set([route, ...route.routes].map(({ receiver }) => receiver))].map(receiver => ({
      namespace,
      object: objectName,
      receiver,
      alerts: rules
        .filter(
          ({ alert, labels }) => receiver === (alert === watchdogName ? deadManReceiver : labels["receiver"]),
        )
        .map(({ alert, labels }) => ({ alert, labels })),
    })),
  );
}
