import type { Plan } from "../plan";
import type { Estate } from "../plan/estate/schema";
import { parseDuration } from "../plan/units/duration";
import { annotationsOf } from "./annotations";
import { type AlertRouting, routesOf } from "./routes";
import { promDuration, type RuleGroup } from "./rules";

/** The alert that always fires. Not "Watchdog": kube-prometheus has one of that name, which its own routes throw away. */
export const watchdogName = "HoldfastWatchdog";

/** No receiver of an estate can be called so. */
export const deadManReceiver = "DeadMan";

/** The rule whose alert is heard outside for as long as rules are evaluated; none where nobody listens. */
export function watchdogRules(plan: Plan): RuleGroup[] {
  const { monitoring } = plan.estate;
  if (!monitoring.deadMan) return [];
  return [
    {
      name: "holdfast-watchdog",
      interval: promDuration(parseDuration(monitoring.evaluationInterval)),
      rules: [
        {
          alert: watchdogName,
          expr: "vector(1)",
          for: "0s",
          // None of those by which the estate's own routes know theirs.
          labels: { severity: "none", namespace: monitoring.namespace },
          annotations: annotationsOf(
            {
              alert: watchdogName,
              summary: "Fires all the time: whoever is called by it tells people when it is silent",
              description: "Nothing is wrong while this fires.",
              receiver: deadManReceiver,
            },
            plan,
          ),
        },
      ],
    },
  ];
}

/**
 * Its way out, as an object of its own: the operator leaves out all of one that names a Secret which isn't there, and nobody would hear
 * of any alert until somebody has made that. It has all receivers of the estate too, so that it is left out, and its silence heard,
 * where the others' object is for the sake of one of those. Alertmanager repeats a message at the first look after `repeatInterval`, and
 * looks each `groupInterval`: a fifth of it, so that a call is late by that much at most. Its end is silence: a message that all is
 * well would be taken for another call.
 */
export function watchdogRouting(estate: Estate): AlertRouting[] {
  const { deadMan } = estate.monitoring;
  if (!deadMan) return [];
  const everyMs = parseDuration(deadMan.every);
  return [
    {
      route: {
        receiver: deadManReceiver,
        groupBy: ["alertname"],
        matchers: [{ name: "alertname", value: watchdogName, matchType: "=" }],
        routes: [],
        groupWait: "0s",
        groupInterval: promDuration(Math.max(everyMs / 5, 1000)),
        repeatInterval: promDuration(everyMs),
      },
      receivers: [
        ...routesOf(estate).receivers,
        { name: deadManReceiver, webhookConfigs: [{ urlSecret: deadMan.urlSecret, sendResolved: false }] },
      ],
    },
  ];
}
