import type { Receiver } from "../plan/estate/receivers";
import type { Estate } from "../plan/estate/schema";
import { unitFailed } from "./standing";
import { cronJobFailed } from "./standing-cluster";

/** An AlertmanagerConfig's spec (monitoring.coreos.com/v1alpha1): each receiver gets what carries its name. */
export function routesOf(estate: Estate): AlertRouting {
  const names = Object.keys(estate.receivers);
  return {
    route: {
      receiver: names[0] ?? "none",
      groupBy: ["alertname", "instance"],
      matchers: [{ name: "holdfast_job", value: ".+", matchType: "=~" }],
      routes: names.map(name => ({
        receiver: name,
        matchers: [{ name: "receiver", value: name, matchType: "=" }],
      })),
    },
    receivers: Object.entries(estate.receivers).map(([name, receiver]) => ({ name, ...wayTo(receiver) })),
    inhibitRules: [unitBesideItsRun, cronJobBesideItsRun],
  };
}

/** A run that failed leaves its unit failed too, and says itself why. */
const unitBesideItsRun = {
  sourceMatch: [{ name: "alertname", value: ".+Failing", matchType: "=~" }],
  targetMatch: [{ name: "alertname", value: unitFailed, matchType: "=" }],
  equal: ["holdfast_job", "instance"],
} as const;

/** The cluster's exporter is another instance than the cluster that a run names. */
const cronJobBesideItsRun = {
  sourceMatch: unitBesideItsRun.sourceMatch,
  targetMatch: [{ name: "alertname", value: cronJobFailed, matchType: "=" }],
  equal: ["holdfast_job"],
} as const;

const title = "{{ .CommonLabels.alertname }} ({{ .Status }})";
const text =
  "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";

/** Each says the same: which alert, whether it fires or is over, what is known, what to type, and where more is written. */
function wayTo(receiver: Receiver): ReceiverConfigs {
  const sendResolved = true;
  switch (receiver.kind) {
    case "slack": {
      const { webhookSecret: apiURL, channel } = receiver;
      return { slackConfigs: [{ apiURL, channel, sendResolved, title, text }] };
    }
    case "email": {
      const { to, from, smarthost, user: authUsername, passwordSecret: authPassword } = receiver;
      const login = authUsername === undefined ? {} : { authUsername, authPassword };
      return {
        emailConfigs: [
          {
            // At port 465 all of it is TLS, by which no server offers STARTTLS: asked for it, most versions of Alertmanager send nothing.
            ...{ to, from, smarthost, ...login, requireTLS: !smarthost.endsWith(":465"), sendResolved },
            headers: [{ key: "Subject", value: title }],
            // Alertmanager sends its own page beside a text unless it is told to have none.
            ...{ text, html: "" },
          },
        ],
      };
    }
    case "webhook":
      return { webhookConfigs: [{ urlSecret: receiver.urlSecret, sendResolved }] };
    case "telegram": {
      const { botTokenSecret: botToken, chat: chatID } = receiver;
      // In HTML, its default, what an annotation has of "<" and "&" is escaped.
      return {
        telegramConfigs: [
          { botToken, chatID, sendResolved, parseMode: "HTML", message: `${title}\n${text}` },
        ],
      };
    }
    case "pagerduty":
      return {
        pagerdutyConfigs: [
          {
            ...{ routingKey: receiver.routingKeySecret, sendResolved, description: title },
            // Alerts of one name may be of two jobs, one of which is critical: PagerDuty refuses an event without a severity.
            severity: "{{ or .CommonLabels.severity `critical` }}",
            details: [{ key: "alerts", value: text }],
          },
        ],
      };
    default:
      return receiver satisfies never;
  }
}

interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly matchType: "=" | "=~";
}

type Configs = readonly Readonly<Record<string, unknown>>[];

/** One of them, as the kind of the receiver is. */
interface ReceiverConfigs {
  readonly slackConfigs?: Configs;
  readonly emailConfigs?: Configs;
  readonly webhookConfigs?: Configs;
  readonly telegramConfigs?: Configs;
  readonly pagerdutyConfigs?: Configs;
}

/** The spec of one AlertmanagerConfig object. */
export interface AlertRouting {
  readonly route: {
    readonly receiver: string;
    readonly groupBy: readonly string[];
    readonly matchers: readonly Matcher[];
    readonly routes: readonly { readonly receiver: string; readonly matchers: readonly Matcher[] }[];
    /** Times are Alertmanager's own unless given, as Prometheus writes them. */
    readonly groupWait?: string;
    readonly groupInterval?: string;
    readonly repeatInterval?: string;
  };
  readonly receivers: readonly ({ readonly name: string } & ReceiverConfigs)[];
  /** What isn't sent of targets while a source with the same value of some labels fires. @default none */
  readonly inhibitRules?: readonly {
    readonly sourceMatch: readonly Matcher[];
    readonly targetMatch: readonly Matcher[];
    readonly equal: readonly string[];
  }[];
}
