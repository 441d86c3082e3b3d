import type { Estate } from "../plan/estate/schema";

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
    receivers: Object.entries(estate.receivers).map(([name, receiver]) => ({
      name,
      slackConfigs: [
        {
          apiURL: { name: receiver.webhookSecret.name, key: receiver.webhookSecret.key },
          channel: receiver.channel,
          sendResolved: true,
          title: "{{ .CommonLabels.alertname }} ({{ .Status }})",
          text: "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}",
        },
      ],
    })),
  };
}

interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly matchType: "=" | "=~";
}

/** The spec of one AlertmanagerConfig object. */
export interface AlertRouting {
  readonly route: {
    readonly receiver: string;
    readonly groupBy: readonly string[];
    readonly matchers: readonly Matcher[];
    readonly routes: readonly { readonly receiver: string; readonly matchers: readonly Matcher[] }[];
  };
  readonly receivers: readonly {
    readonly name: string;
    readonly slackConfigs: readonly Readonly<Record<string, unknown>>[];
  }[];
}
