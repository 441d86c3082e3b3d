import type { Plan } from "../plan";
import type { InForce } from "../plan/contracts/in-force";
import { ruleSum } from "../plan/contracts/rule-sum";
import { parseDuration } from "../plan/units/duration";
import { ruleGroups } from "./groups";
import { routingsOf } from "./routings";

/**
 * What Prometheus and Alertmanager have after a deployment, where the estate says that they answer. The plan's jobs know nothing of
 * alerts: it is added to what the look at the host is told.
 * @param areObjects whether an operator gives them rules and routes; without one, its file of routes is somebody's own
 */
export function monitoringInForce(plan: Plan, areObjects: boolean): InForce[] {
  const { prometheus, alertmanager, namespace } = plan.estate.monitoring;
  const { routes, watchdog } = routingsOf(plan.estate);
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
      : [routes, ...watchdog].flatMap(({ objectName, routing: { route } }) =>
          [...new Set([route, ...route.routes].map(({ receiver }) => receiver))].map((receiver): InForce => ({
            kind: "route",
            alertmanager,
            namespace,
            object: objectName,
            receiver,
          })),
        )),
  ];
}
