import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fixedFacts, labDir } from "../facts";
import { operatorAddress } from "../namespace";

/**
 * Where the servers answer, as seen from inside the lab's network. etcd has no password, and nobody but this machine
 * asks the controller manager, the scheduler, the rule sync or the pods' stand-in: they stay on the network's loopback, out of the hosts' reach.
 */
export const urls = {
  etcd: "http://127.0.0.1:2379",
  etcdPeer: "http://127.0.0.1:2380",
  controllerManager: "https://127.0.0.1:10257",
  scheduler: "https://127.0.0.1:10259",
  ruleSync: "http://127.0.0.1:9098",
  pods: "http://127.0.0.1:9097",
  kubernetes: `https://${operatorAddress}:6443`,
  prometheus: fixedFacts.prometheusUrl,
  alertmanager: fixedFacts.alertmanagerUrl,
  pushgateway: fixedFacts.pushgatewayUrl,
  receiver: fixedFacts.receiverUrl,
  firewall: `https://${operatorAddress}:8443`,
} as const;

/** Folder with one server's data and configuration. */
export function dataDir(server: string): string {
  return join(labDir, server);
}

/** "HOST:PORT" of a URL, as flags that say where to listen want it. */
export function listenAddress(url: string): string {
  return new URL(url).host;
}

/**
 * Text of a file that the servers' first start makes.
 * @throws when they were never started in this lab
 */
export function readLabFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`The lab's servers were never started: no file "${file}". Next: "npm run lab -- up"`, {
      cause,
    });
  }
}
