import type { Estate } from "./schema";

/** How a person goes there: what is printed to be typed begins so. */
export function sshTo({ hosts }: Estate, name: string): string {
  const host = hosts[name];
  return host === undefined ? `ssh ${name}` : `ssh -p ${host.ssh.port} ${host.ssh.user}@${host.address}`;
}
