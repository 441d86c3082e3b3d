import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { labDir } from "../facts";
import { hostNames, machines, type HostName } from "./machines";

const hostIdentity = z.strictObject({
  /** Public host key as known_hosts has it: "ssh-ed25519 AAAA…". */
  hostKey: z.string().startsWith("ssh-ed25519 "),
  machineId: z.string().regex(/^[0-9a-f]{32}$/),
  /** UUID of the file system at each mount point. */
  filesystems: z.record(z.string(), z.uuid()),
});

const schema = z.strictObject({
  pve: hostIdentity,
  pve2: hostIdentity,
  nas: hostIdentity,
  node: hostIdentity,
  /** Password of `Administrator` on the NAS, which its sudo asks for as DSM's does. */
  administratorPassword: z.string().min(16),
});

/** What tells this lab from any other: keys and UUIDs. Made at the first `up`; a reset keeps it, `down` removes it. */
export type Identity = z.infer<typeof schema>;

const keysDir = join(labDir, "keys");
const identityFile = join(keysDir, "identity.json");

/** Private key that the lab's commands and a Pulumi program log in with. */
export const clientKeyFile = join(keysDir, "client");
/** Pins the hosts' keys; a host with another key is refused. */
export const knownHostsFile = join(keysDir, "known_hosts");
/** Private key of a host's SSH server. */
export const hostKeyFile = (name: HostName): string => join(keysDir, `${name}.host`);
/** Private key that a host's root logs in to other hosts with. */
export const rootKeyFile = (name: HostName): string => join(keysDir, `${name}.root`);

/** Private key that `pve` sends its copies to the NAS with. */
export const offsiteKeyFile = join(keysDir, "offsite");

export function publicKey(privateKeyFile: string): string {
  return readFileSync(`${privateKeyFile}.pub`, "utf8").trim();
}

/** Reads this lab's identity, or makes one. */
export async function ensureIdentity(): Promise<Identity> {
  if (!existsSync(identityFile)) await makeIdentity();
  return schema.parse(JSON.parse(readFileSync(identityFile, "utf8")));
}

async function makeIdentity(): Promise<void> {
  rmSync(keysDir, { recursive: true, force: true });
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  const files = [
    clientKeyFile,
    offsiteKeyFile,
    ...hostNames.flatMap(name => [hostKeyFile(name), rootKeyFile(name)]),
  ];
  await Promise.all(files.map(makeKey));
  const identity: Identity = {
    pve: newHost("pve"),
    pve2: newHost("pve2"),
    nas: newHost("nas"),
    node: newHost("node"),
    administratorPassword: randomBytes(18).toString("base64url"),
  };
  writeFileSync(knownHostsFile, hostNames.map(name => knownHosts(name, identity[name].hostKey)).join(""));
  writeFileSync(`${identityFile}.part`, JSON.stringify(identity, null, 2), { mode: 0o600 });
  renameSync(`${identityFile}.part`, identityFile);
}

async function makeKey(file: string): Promise<void> {
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "holdfast-lab", "-f", file]);
}

function newHost(name: HostName): Identity["pve"] {
  const mounts = machines[name].disks.flatMap(disk => (disk.fileSystem ? [disk.fileSystem.path] : []));
  return {
    hostKey: publicKey(hostKeyFile(name)).split(" ").slice(0, 2).join(" "),
    machineId: randomUUID().replaceAll("-", ""),
    filesystems: Object.fromEntries(mounts.map(path => [path, randomUUID()])),
  };
}

/** Lines for ssh, by name and address, also for the port that the lab's own commands use. */
function knownHosts(name: HostName, hostKey: string): string {
  const { address } = machines[name];
  return `${name},${address} ${hostKey}\n[${address}]:${controlPort} ${hostKey}\n`;
}

/** A second SSH server of each host, which a switch of the NAS never touches: the way back when the first one is down. */
export const controlPort = 2022;
