import { connect } from "./api";
import { monitoringNamespace, slackSecret } from "./monitoring";
import { urls } from "./places";

/** Address that stands for Slack's incoming webhook. */
export const slackUrl = `${urls.receiver}/slack`;

/** Makes the namespace of the monitoring objects, and the Secret with the webhook's address, or leaves them as they are. */
export async function ensureMonitoringNamespace(): Promise<void> {
  const api = connect();
  const namespace = `/api/v1/namespaces/${monitoringNamespace}`;
  await api.apply(namespace, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: monitoringNamespace },
  });
  await api.apply(`${namespace}/secrets/${slackSecret.name}`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: slackSecret.name, namespace: monitoringNamespace },
    data: { [slackSecret.key]: Buffer.from(slackUrl).toString("base64") },
  });
}
