import { randomUUID } from "node:crypto";
import { z } from "zod";
import { until } from "../../lab/process";
import {
  connect,
  exchange,
  monitoringNamespace,
  pushgatewayHeaders,
  type ReceivedMessage,
  receivedMessages,
  slackSecret,
  urls,
} from "../../lab/servers";

// A name of its own for each run: a lab that was in use before holds other objects and metrics.
export const id = `servers-test-${randomUUID().slice(0, 8)}`;
export const metric = id.replaceAll("-", "_");
export const alertName = `Broken_${metric}`;

const patienceMs = 1_100_000;
const objectPath = (version: string, plural: string): string =>
  `/apis/monitoring.coreos.com/${version}/namespaces/${monitoringNamespace}/${plural}/${id}`;
export const rulePath = objectPath("v1", "prometheusrules");
export const routePath = objectPath("v1alpha1", "alertmanagerconfigs");

export function pushPath(): string {
  return `${urls.pushgateway}/metrics/job/${id}/instance/pve`;
}

export async function push(value: number): Promise<void> {
  const headers = pushgatewayHeaders();
  const { status, body } = await exchange(pushPath(), {
    method: "PUT",
    headers,
    body: `${metric} ${value}\n`,
  });
  if (status !== 200) throw new Error(`the Pushgateway answered ${status}: ${body}`);
}

export function alertRule(expr: string): object {
  return {
    alert: alertName,
    expr,
    labels: { severity: "critical", namespace: monitoringNamespace },
    annotations: { summary: "{{ $labels.instance }} failed with {{ $value }}" },
  };
}

export async function applyRule(rules: object[]): Promise<void> {
  await connect().apply(rulePath, {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: { groups: [{ name: id, rules }] },
  });
}

export async function applyRoute(severity: string, secret: string = slackSecret.name): Promise<void> {
  await connect().apply(routePath, {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: {
      route: {
        receiver: "slack",
        groupBy: ["alertname"],
        matchers: [
          { name: "severity", value: severity, matchType: "=" },
          { name: "alertname", value: alertName, matchType: "=" },
        ],
      },
      receivers: [
        {
          name: "slack",
          slackConfigs: [
            {
              apiURL: { name: secret, key: slackSecret.key },
              channel: "#alerts",
              sendResolved: true,
              title: "{{ .CommonLabels.alertname }} {{ .Status }}",
              text: "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}",
            },
          ],
        },
      ],
    },
  });
}

export function ours({ labels }: { labels: Record<string, string> }): boolean {
  return labels["alertname"] === alertName;
}

export async function ourMessages(): Promise<ReceivedMessage[]> {
  return (await receivedMessages()).filter(({ payload }) =>
    payload.attachments[0]?.title?.includes(alertName),
  );
}

const status = z.object({ config: z.object({ original: z.string() }) });

export async function alertmanagerText(): Promise<string> {
  return status.parse(JSON.parse((await exchange(`${urls.alertmanager}/api/v2/status`)).body)).config
    .original;
}

const loaded = z.object({
  data: z.object({
    groups: z.array(z.object({ name: z.string(), rules: z.array(z.object({ query: z.string() })) })),
  }),
});

/** Expression of our rule as Prometheus has it loaded. */
export async function loadedExpression(): Promise<string | undefined> {
  const { data } = loaded.parse(JSON.parse((await exchange(`${urls.prometheus}/api/v1/rules`)).body));
  return data.groups.find(({ name }) => name === id)?.rules[0]?.query;
}

export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  if (!(await until(holds, patienceMs, 200)))
    throw new Error(`not within ${patienceMs / 1000} s: ${holds.toString()}`);
}
