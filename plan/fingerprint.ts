import { createHash } from "node:crypto";

/** Of a public key, as `ssh-keygen -l` prints it, and ssh where it asks about one. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** @param key as known_hosts has it, e.g. "ssh-ed25519 AAAA…" */
export function fingerprintOf(key: string): string {
  return fingerprint(Buffer.from(key.split(" ")[1] ?? "", "base64"));
}
