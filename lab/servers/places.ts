import { join } from "node:path";
import { stateDir } from "../cache";

/** Where everything of the lab lies between commands. */
export const labDir = join(stateDir, "lab");

/** Logs of the servers, one file a server: `.holdfast/lab/logs/NAME.log`. */
export const logsDir = join(labDir, "logs");

/** Kubeconfig of the lab's administrator, mode 0600. */
export const kubeconfigFile = join(labDir, "kubeconfig");

/** Rule files that Prometheus loads, written from the PrometheusRule objects in the API. */
export const rulesDir = join(labDir, "rules");

/** The operator's address in the lab's network; every server that a host or a person talks to listens here. */
export const serverAddress = "10.77.0.1";

/** Where the servers answer, as seen from inside the lab's network. etcd has no password, so it stays on loopback. */
export const urls = {
  etcd: "http://127.0.0.1:2379",
  etcdPeer: "http://127.0.0.1:2380",
  kubernetes: `https://${serverAddress}:6443`,
  prometheus: `http://${serverAddress}:9090`,
  alertmanager: `http://${serverAddress}:9093`,
  pushgateway: `http://${serverAddress}:9091`,
  receiver: `http://${serverAddress}:9099`,
} as const;

/** The node-exporters that Prometheus scrapes: address, and the instance name that alerts show. */
export const nodeExporters = [{ target: "10.77.0.11:9100", instance: "pve" }] as const;

/** Folder with one server's data. */
export function dataDir(server: string): string {
  return join(labDir, server);
}
