import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../cache";
import { sourceHash } from "./content-hash";
import { readFirewall } from "./firewall";
import { exchange } from "./http";
import { dataDir, urls } from "./places";
import type { Server } from "./server";

// The hash is for nobody to read: it makes the arguments differ, so that an update of the source reaches a server that runs.
const entry = (...names: string[]): string[] => [
  process.execPath,
  join(projectRoot, "cli", "run.mjs"),
  join(projectRoot, "lab", "servers", ...names),
  `--source=${sourceHash()}`,
];

/** Stands for Slack. */
export const receiver: Server = {
  name: "receiver",
  url: urls.receiver,
  argv: () => entry("receiver", "main.ts"),
  health: () => exchange(`${urls.receiver}/healthz`),
};

/** Stands in for a scheduler, a kubelet and a CSI driver. */
export const pods: Server = {
  name: "pods",
  url: urls.pods,
  argv: () => entry("pods", "main.ts"),
  health: () => exchange(urls.pods),
};

/** Stands in for the Prometheus operator. */
export const ruleSync: Server = {
  name: "rule-sync",
  url: urls.ruleSync,
  argv: () => entry("rule-sync", "main.ts"),
  health: () => exchange(urls.ruleSync),
};

/** Stands in for a pfSense: its API and its SSH. */
export const firewall: Server = {
  name: "firewall",
  url: urls.firewall,
  argv() {
    const { hostname, port } = new URL(urls.firewall);
    const where = ["--address", hostname, "--api-port", port, "--ssh-port", "8022"];
    return [...entry("firewall", "main.ts"), "--folder", dataDir("firewall"), ...where];
  },
  health() {
    const { certificateFile } = readFirewall(dataDir("firewall"));
    return exchange(urls.firewall, { ca: readFileSync(certificateFile, "utf8") });
  },
};
