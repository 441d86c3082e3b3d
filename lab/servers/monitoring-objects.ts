import { connect } from "./api";
import { deadManSecret, monitoringNamespace, slackSecret } from "./monitoring";
import { urls } from "./places";

/** Address that stands for Slack's incoming webhook. */
export const slackUrl = `${urls.receiver}/slack`;

/** Address that stands for one check of a dead man's receiver, by who calls it. */
export function pingUrl(caller: string): string {
  return `${urls.receiver}/ping/${caller}`;
}

/** Makes the namespace of the monitoring objects, and the Secrets with the receivers' addresses, or leaves them as they are. */
export async function ensureMonitoringNamespace(): Promise<void> {
  const api = connect();
  const namespace = `/api/v1/namespaces/${monitoringNamespace}`;
  await api.apply(namespace, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: monitoringNamespace },
  });
  for (const [{ name, key }, url] of [
    [slackSecret, slackUrl],
    [deadManSecret, pingUrl("watchdog")],
  ] as const)
    await api.apply(`${namespace}/secrets/${name}`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: monitoringNamespace },
      data: { [key]: Buffer.from(url).toString("base64") },
    });
}
