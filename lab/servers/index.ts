import { fixedFacts } from "../facts";
import { logFile, runningProcess, stopProcess } from "../process";
import { apiServer, controllerManager, etcd } from "./control-plane";
import { alertmanager, prometheus, pushgateway } from "./metrics";
import { receiver, ruleSync } from "./own-servers";
import { type Server, type ServerName, troubleOf } from "./server";

export { startServers } from "./start";
export { serverNames, type ServerName } from "./server";
export { preparePrograms, readPrograms, type Programs } from "./programs";
export { activeAlerts, queryPrometheus, type ActiveAlert, type Sample } from "./ask";
export { clearMessages, receivedMessages, type ReceivedMessage } from "./receiver/client";
export { ensureMonitoringNamespace, slackUrl } from "./monitoring-objects";
export {
  labMonitoring,
  matcherStrategy,
  monitoringNamespace,
  nodeExporters,
  slackSecret,
} from "./monitoring";
export { connect, type Api } from "./api";
export { exchange, type Call, type Reply } from "./http";
export { refusals } from "./rule-sync/client";
export { urls } from "./places";

const servers: readonly Server[] = [
  etcd,
  apiServer,
  controllerManager,
  pushgateway,
  prometheus,
  alertmanager,
  receiver,
  ruleSync,
];

/** How one server is, and where to look when it isn't well. */
export interface ServerStatus {
  readonly name: ServerName;
  /** Whether it runs and answers that it serves. */
  readonly up: boolean;
  readonly url: string;
  readonly pid?: number;
  /** Path of its log. */
  readonly log: string;
  /** Why it isn't up. */
  readonly trouble?: string;
}

/** Asks each server that runs whether it serves. */
export async function serverStatus(): Promise<ServerStatus[]> {
  return Promise.all(
    servers.map(async (server): Promise<ServerStatus> => {
      const { name, url } = server;
      const pid = runningProcess(name)?.pid;
      const trouble = pid === undefined ? "it doesn't run" : await troubleOf(server);
      return {
        ...{ name, url, log: logFile(name), up: trouble === undefined },
        ...(pid === undefined ? {} : { pid }),
        ...(trouble === undefined ? {} : { trouble }),
      };
    }),
  );
}

/** Ends all servers; their data stays. Works inside and outside the lab's network, and on servers that are down. */
export async function stopServers(): Promise<void> {
  const stop = (stopped: readonly Server[]): Promise<unknown> =>
    Promise.all(stopped.map(({ name }) => stopProcess(name)));
  // Whoever needs another server ends before it, so that none spends its last seconds on retries.
  await stop([ruleSync, controllerManager, prometheus, alertmanager, pushgateway, receiver]);
  await stop([apiServer]);
  await stop([etcd]);
}

/** Ends one server, e.g. to see what the others do without it. */
export async function stopServer(name: ServerName): Promise<void> {
  await stopProcess(name);
}

/** Kubeconfig of the lab's administrator. */
export const kubeconfigFile = fixedFacts.kubeconfig;
