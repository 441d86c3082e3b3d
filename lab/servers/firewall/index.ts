import { randomBytes, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { freePort } from "../../free-port";
import { startApi } from "./api";
import { apiFault, type Faults, switchFaults } from "./faults";
import { startHost } from "./sshd";
import { makeTree } from "./tree";

export type { Faults } from "./faults";

const facts = z.strictObject({
  apiUrl: z.url(),
  /** Of its certificate, as colon-separated hexadecimal. */
  certificateSha256: z.string(),
  certificateFile: z.string(),
  /** "CLIENT-ID CLIENT-TOKEN" for version 1 of the API. */
  apiKey: z.string(),
  /** For version 2. */
  apiKeyV2: z.string(),
  ssh: z.strictObject({
    host: z.string(),
    port: z.int(),
    user: z.string(),
    /** As known_hosts has it, without the name. */
    hostKey: z.string(),
    privateKeyFile: z.string(),
  }),
});

/** Where the stand-in answers, and what it takes to be let in: what a backup's config and credentials hold. */
export type FirewallFacts = Readonly<z.infer<typeof facts>>;

export interface Firewall extends FirewallFacts {
  /** Its `/cf`, `/var/db` and `/boot`. */
  readonly tree: string;
  switchFaults(faults: Partial<Faults>): void;
  stop(): Promise<void>;
}

export interface FirewallOptions {
  /** Address to listen on; 127.0.0.1 unless given. */
  readonly address?: string;
  /** Free ones unless given. */
  readonly apiPort?: number;
  readonly sshPort?: number;
  /** For its keys, which stay from start to start, and for its files and logs, which are made anew. */
  readonly folder: string;
}

/**
 * Starts a stand-in for pfSense: the command prompt of its REST API over TLS with a certificate of its own, and a real
 * OpenSSH server on a machine that has `/cf`, `/var/db` and `/boot/loader.conf` and FreeBSD's tar. Needs root.
 */
export async function startFirewall(options: FirewallOptions): Promise<Firewall> {
  const { folder, address = "127.0.0.1" } = options;
  for (const name of ["faults", "tree", "machine", "memory"])
    rmSync(join(folder, name), { recursive: true, force: true });
  for (const name of ["faults", "keys"]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  makeTree(join(folder, "tree"));
  switchFaults(folder, { api: "none", tar: "none" });
  await ensureKeys(join(folder, "keys"), address);
  const key = (name: string): string => readFileSync(join(folder, "keys", name), "utf8");
  const sshPort = options.sshPort ?? (await freePort(address));
  const host = await startHost(folder, address, sshPort);
  const keys = { v1: key("api-v1"), v2: key("api-v2") };
  const certificate = key("api.pem");
  const api = await startApi({
    ...{ address, port: options.apiPort ?? 0, key: key("api.key"), certificate, keys, shell: host.shell },
    fault: () => apiFault(folder),
  });
  const found: FirewallFacts = {
    apiUrl: `https://${address}:${(api.address() as AddressInfo).port}`,
    certificateSha256: new X509Certificate(certificate).fingerprint256,
    certificateFile: join(folder, "keys", "api.pem"),
    ...{ apiKey: keys.v1, apiKeyV2: keys.v2 },
    ssh: {
      ...{ host: address, port: sshPort, user: "root" },
      hostKey: key("host.pub").split(" ").slice(0, 2).join(" "),
      privateKeyFile: join(folder, "keys", "user"),
    },
  };
  // Last: its presence says that all of the above is there.
  writeFileSync(factsFile(folder), JSON.stringify(found), { mode: 0o600 });
  return {
    ...found,
    tree: join(folder, "tree"),
    switchFaults: faults => switchFaults(folder, faults),
    async stop() {
      api.closeAllConnections();
      api.close();
      await host.stop();
    },
  };
}

/**
 * What a firewall that another process started in this folder wrote down.
 * @throws when none was ever started there
 */
export function readFirewall(folder: string): FirewallFacts {
  return facts.parse(JSON.parse(readFileSync(factsFile(folder), "utf8")));
}

function factsFile(folder: string): string {
  return join(folder, "firewall.json");
}

/** Of the API, its certificate, and SSH; what knows the firewall by them still does after it was started again. */
async function ensureKeys(folder: string, address: string): Promise<void> {
  const file = (name: string): string => join(folder, name);
  if (existsSync(file("api-v2"))) return;
  for (const name of ["host", "user"]) {
    rmSync(file(name), { force: true });
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file(name)]);
  }
  const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "3650"];
  const names = ["-subj", "/CN=pfSense", "-addext", `subjectAltName=IP:${address}`];
  const files = ["-keyout", file("api.key"), "-out", file("api.pem")];
  await execa("openssl", ["req", "-x509", ...elliptic, ...names, ...files]);
  const word = (bytes: number): string => randomBytes(bytes).toString("hex");
  writeFileSync(file("api-v1"), `${word(16)} ${word(32)}`, { mode: 0o600 });
  // Last: its presence says that all of the above is there.
  writeFileSync(file("api-v2"), word(24), { mode: 0o600 });
}
