import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { stateDir } from "./cache";

/** What the lab keeps between commands; `npm run lab -- down` removes it. */
export const labDir = join(stateDir, "lab");

const host = z.object({
  address: z.ipv4(),
  port: z.int().positive(),
  user: z.string(),
  /** Public key as known_hosts has it, without the name: "ssh-ed25519 AAAA…". */
  hostKey: z.string().startsWith("ssh-ed25519 "),
  privateKeyFile: z.string(),
  /** UUID of the file system at each mount point, e.g. of "/srv/nfs": what an estate names. */
  filesystems: z.record(z.string(), z.uuid()),
});

const factsSchema = z.object({
  pve: host,
  /** A second Proxmox host; runs only while a test needs it. */
  pve2: host,
  nas: host,
  kubeconfig: z.string(),
  prometheusUrl: z.url(),
  alertmanagerUrl: z.url(),
  pushgatewayUrl: z.url(),
  /** Stands for Slack: keeps what it gets. */
  receiverUrl: z.url(),
  /** Folder on pve that its node-exporter reads metrics from. */
  textfileDir: z.string(),
});

/** Where the lab's parts are found, for a Pulumi program, a test or a person. */
export type LabFacts = z.infer<typeof factsSchema>;
export type HostFacts = LabFacts["pve"];

/** The facts that are the same in each lab. */
export const fixedFacts = {
  kubeconfig: join(labDir, "kubeconfig"),
  prometheusUrl: "http://10.77.0.1:9090",
  alertmanagerUrl: "http://10.77.0.1:9093",
  pushgatewayUrl: "http://10.77.0.1:9091",
  receiverUrl: "http://10.77.0.1:9099",
  textfileDir: "/var/lib/prometheus/node-exporter",
} as const;

export const factsFile = join(labDir, "facts.json");

/** @throws when the lab is not up, or its file is from another version */
export function readFacts(file = factsFile): LabFacts {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`The lab is not up: no file "${file}". Next: "npm run lab -- up"`, { cause });
  }
  return factsSchema.parse(JSON.parse(text));
}

export function writeFacts(facts: LabFacts, file = factsFile): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(factsSchema.parse(facts), null, 2)}\n`);
  renameSync(`${file}.part`, file);
}
