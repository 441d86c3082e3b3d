import { utils } from "ssh2";
import { z } from "zod";

const base = z.object({
  host: z.string(),
  user: z.string().default("root"),
  port: z.number().int().min(1).max(65535).default(22),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  agentSocketPath: z.string().optional(),
  /** Public key of the server, as in authorized_keys ("ssh-ed25519 AAAA…") or a line of known_hosts. */
  hostKey: z.string().optional(),
  /** Number of failed attempts after which the next failure is final; -1 for no limit. */
  dialErrorLimit: z.number().int().min(-1).default(10),
  /** Seconds for one TCP connection, and for no more of an attempt; 0 for no limit. */
  perDialTimeout: z.number().min(0).default(15),
});

/** How to reach a remote host: the `connection` of the resources in `command:remote`, with the documented defaults. */
export const connectionSchema = base.extend({
  // Not written: the program that this stands in for reaches every host directly.
  proxy: z
    .undefined("is not supported by this stand-in for the command plugin; install the official plugin")
    .optional(),
});

export type Connection = z.infer<typeof connectionSchema>;

export interface PinnedKey {
  /** Type, e.g. "ssh-ed25519". */
  readonly type: string;
  readonly blob: Buffer;
}

/**
 * The public key in a line of authorized_keys or known_hosts, or in a .pub file.
 * @throws when there is none
 */
export function parseHostKey(line: string): PinnedKey {
  const words = line.trim().split(/\s+/);
  // Before it, Go takes one word of options, or of a host.
  for (const [type = "", text = ""] of [words, words.slice(1)]) {
    const key = /^(ssh|ecdsa)-/.test(type) ? utils.parseKey(`${type} ${text}`) : undefined;
    const parsed = Array.isArray(key) ? key[0] : key;
    if (parsed && !(parsed instanceof Error) && parsed.type === type)
      return { type, blob: parsed.getPublicSSH() };
  }
  throw new Error(
    `hostKey ${JSON.stringify(line)} holds no public key, expected e.g. "ssh-ed25519 AAAAC3Nz…"`,
  );
}
