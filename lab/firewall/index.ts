import { randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { startApi } from "./api";
import { apiFault, type Faults, switchFaults } from "./faults";
import { startHost } from "./sshd";
import { makeTree } from "./tree";

export type { Faults } from "./faults";

/** Where the stand-in answers, and what it takes to be let in: what a backup's config and credentials hold. */
export interface FirewallFacts {
  readonly apiUrl: string;
  /** Of its certificate, as colon-separated hexadecimal. */
  readonly certificateSha256: string;
  /** "CLIENT-ID CLIENT-TOKEN" for version 1 of the API. */
  readonly apiKey: string;
  /** For version 2. */
  readonly apiKeyV2: string;
  readonly ssh: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** As known_hosts has it, without the name. */
    readonly hostKey: string;
    readonly privateKeyFile: string;
  };
}

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
  /** For its keys, files and logs; made anew. */
  readonly folder: string;
}

/**
 * Starts a stand-in for pfSense: the command prompt of its REST API over TLS with a certificate of its own, and a real
 * OpenSSH server on a machine that has `/cf`, `/var/db` and `/boot/loader.conf` and FreeBSD's tar. Needs root.
 */
export async function startFirewall(options: FirewallOptions): Promise<Firewall> {
  const { folder, address = "127.0.0.1" } = options;
  rmSync(folder, { recursive: true, force: true });
  for (const name of ["faults", "keys"]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  makeTree(join(folder, "tree"));
  switchFaults(folder, { api: "none", tar: "none" });
  const sshPort = options.sshPort ?? (await freePort(address));
  const host = await startHost(folder, address, sshPort);
  const keys = {
    v1: `${randomBytes(16).toString("hex")} ${randomBytes(32).toString("hex")}`,
    v2: randomBytes(24).toString("hex"),
  };
  const { key, certificate } = await makeCertificate(join(folder, "keys"), address);
  const api = await startApi({
    ...{ address, port: options.apiPort ?? 0, key, certificate, keys, shell: host.shell },
    fault: () => apiFault(folder),
  });
  const facts: FirewallFacts = {
    apiUrl: `https://${address}:${(api.address() as AddressInfo).port}`,
    certificateSha256: new X509Certificate(certificate).fingerprint256,
    ...{ apiKey: keys.v1, apiKeyV2: keys.v2 },
    ssh: {
      ...{ host: address, port: sshPort, user: "root" },
      hostKey: readFileSync(join(folder, "keys", "host.pub"), "utf8")
        .split(" ")
        .slice(0, 2)
        .join(" "),
      privateKeyFile: join(folder, "keys", "user"),
    },
  };
  // Last: its presence says that all of the above is there.
  writeFileSync(factsFile(folder), JSON.stringify(facts), { mode: 0o600 });
  return {
    ...facts,
    tree: join(folder, "tree"),
    switchFaults: faults => switchFaults(folder, faults),
    async stop() {
      api.closeAllConnections();
      api.close();
      await host.stop();
    },
  };
}

/** What a firewall that another process started in this folder wrote down. */
export function readFirewall(folder: string): FirewallFacts {
  return JSON.parse(readFileSync(factsFile(folder), "utf8")) as FirewallFacts;
}

function factsFile(folder: string): string {
  return join(folder, "firewall.json");
}

async function makeCertificate(
  folder: string,
  address: string,
): Promise<{ key: string; certificate: string }> {
  const file = (name: string): string => join(folder, name);
  const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "3650"];
  const names = ["-subj", "/CN=pfSense", "-addext", `subjectAltName=IP:${address}`];
  await execa("openssl", [
    "req",
    "-x509",
    ...elliptic,
    ...names,
    "-keyout",
    file("api.key"),
    "-out",
    file("api.pem"),
  ]);
  return { key: readFileSync(file("api.key"), "utf8"), certificate: readFileSync(file("api.pem"), "utf8") };
}

async function freePort(address: string): Promise<number> {
  const probe = createServer();
  probe.listen(0, address);
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
