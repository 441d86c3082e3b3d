import { stopProcess } from "../process";
import type { ServerName } from "./server";

export { startServers } from "./start";
export { serverStatus, type ServerStatus } from "./status";
export { serverNames, type ServerName } from "./server";
export { preparePrograms, readPrograms, type Programs } from "./programs";
export { activeAlerts, inhibitedAlerts, queryPrometheus, type ActiveAlert, type Sample } from "./ask";
export { clearMessages, receivedMessages, type ReceivedMessage } from "./receiver/client";
export { ensureMonitoringNamespace, pingUrl, slackUrl } from "./monitoring-objects";
export {
  deadManSecret,
  labMonitoring,
  matcherStrategy,
  monitoringNamespace,
  nodeExporters,
  slackSecret,
} from "./monitoring";
export { connect, type Api } from "./api";
export { exchange, type Call, type Reply } from "./http";
export { pushgatewayHeaders } from "./pushgateway-login";
export { refusals } from "./rule-sync/client";
export { readFirewall } from "./firewall";
export { urls } from "./places";

/** Ends all servers; their data stays. Works inside and outside the lab's network, and on servers that are down. */
export async function stopServers(): Promise<void> {
  const stop = (...names: ServerName[]): Promise<unknown> =>
    Promise.all(names.map(name => stopProcess(name)));
  // Whoever needs another server ends before it, so that none spends its last seconds on retries.
  await stop(
    "rule-sync",
    "pods",
    "kube-controller-manager",
    "kube-scheduler",
    "prometheus",
    "alertmanager",
    "pushgateway",
    "receiver",
    "firewall",
  );
  await stop("kube-apiserver");
  await stop("etcd");
}

/** Ends one server, e.g. to see what the others do without it. */
export async function stopServer(name: ServerName): Promise<void> {
  await stopProcess(name);
}
