import type { Estate } from "../plan/estate/schema";
import { parseDuration } from "../plan/units/duration";
import type { AlertRoute, RoutedReceiver } from "./routes";
import { promDuration, type RuleGroup } from "./rules";

/** The alert that always fires. Not "Watchdog": kube-prometheus has one of that name, which its own routes throw away. */
export const watchdogName = "HoldfastWatchdog";

/** No receiver of an estate can be called so. */
const receiverName = "DeadMan";

/** The rule whose alert is heard outside for as long as rules are evaluated; none where nobody listens. */
export function watchdogRules({ monitoring }: Estate): RuleGroup[] {
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
          labels: { severity: "none", holdfast_job: "watchdog", namespace: monitoring.namespace },
          annotations: {
            summary: "Fires all the time: whoever is called by it tells people when it is silent",
            description: "Nothing is wrong while this fires.",
            runbook_url: `${monitoring.runbooks.replace(/\/$/, "")}/${watchdogName}`,
          },
        },
      ],
    },
  ];
}

/**
 * Its way out, before all others. Alertmanager repeats a message at the first look after `repeatInterval`, and looks each
 * `groupInterval`: a fifth of it, so that a call is late by that much at most.
 */
export function watchdogRoute({ monitoring: { deadMan } }: Estate): AlertRoute[] {
  if (!deadMan) return [];
  const everyMs = parseDuration(deadMan.every);
  return [
    {
      receiver: receiverName,
      matchers: [{ name: "alertname", value: watchdogName, matchType: "=" }],
      groupWait: "0s",
      groupInterval: promDuration(Math.max(everyMs / 5, 1000)),
      repeatInterval: promDuration(everyMs),
    },
  ];
}

/** Whom it reaches. Its end is silence: a message that all is well would be taken for another call. */
export function watchdogReceiver({ monitoring: { deadMan } }: Estate): RoutedReceiver[] {
  if (!deadMan) return [];
  return [{ name: receiverName, webhookConfigs: [{ urlSecret: deadMan.urlSecret, sendResolved: false }] }];
}
