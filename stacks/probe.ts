import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { fingerprint, fingerprintOf } from "../plan/fingerprint";

/** A host as the command plugin will reach it. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Pinned public key, e.g. "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
  /** Private key in OpenSSH's text form. @default none: the agent has it */
  readonly privateKey?: string;
  /** Socket of an SSH agent, which isn't asked beside a key: Go's SSH, and so the plugin, tries public keys once. @default none */
  readonly agent?: string;
}

/** How long a host may take for all of it: name, connection, the server's banner, key exchange and login. */
const probeLimitMs = 15_000;

/** Between two tries of a server that refuses or hangs up: one that boots, or has too many callers. */
const pauseMs = 1000;

interface Failure {
  readonly cause: string;
  /** Whether the next moment may be better. */
  readonly passing: boolean;
}

/**
 * Why a deployment to a host would fail or wait for ever; undefined when it lets one in. The command plugin's own time-out
 * covers the TCP connection alone: a server that takes connections and says nothing holds it until it is killed.
 * @returns one cause and what to do next, after `limitMs` at the latest
 */
export async function probeHost(target: ProbeTarget, limitMs = probeLimitMs): Promise<string | undefined> {
  const until = Date.now() + limitMs;
  for (;;) {
    const failure = await attempt(target, until, limitMs);
    if (!failure?.passing || Date.now() + pauseMs >= until) return failure?.cause;
    await sleep(pauseMs);
  }
}

/** How far a connection came. */
type Stage = "connection" | "banner" | "key exchange" | "login";

async function attempt(target: ProbeTarget, until: number, limitMs: number): Promise<Failure | undefined> {
  const { host, port, user, hostKey, privateKey, agent } = target;
  // Loaded where it is needed: a preview does without.
  const { Client } = await import("ssh2");
  let stage: Stage = "connection";
  let shown: string | undefined;
  const socket = createConnection({ host, port });
  const client = new Client();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Failure | undefined>(resolve => {
      const fail = (cause: string, passing = false) => resolve({ cause, passing });
      timer = setTimeout(() => fail(silence(stage, limitMs)), Math.max(until - Date.now(), 0));
      socket.once("connect", () => (stage = "banner"));
      socket.once("data", () => (stage = "key exchange"));
      client
        .on("handshake", () => (stage = "login"))
        .on("ready", () => resolve(undefined))
        .on("error", error => {
          if (shown !== undefined) fail(otherKey(shown, hostKey));
          else if (/no matching host key format/i.test(error.message)) fail(noSuchKey(hostKey));
          else if (error.level === "client-authentication") fail(locked(target));
          else if (/lost before handshake/i.test(error.message)) fail(hungUp(stage), true);
          else fail(`${error.message}. Next: ssh -p ${port} ${user}@${host}`, stage !== "login");
        })
        .on("close", () => fail(hungUp(stage), true));
      try {
        client.connect({
          sock: socket,
          username: user,
          // Of its own, it would tell too little.
          readyTimeout: 0,
          ...(privateKey === undefined ? {} : { privateKey }),
          ...(privateKey !== undefined || agent === undefined ? {} : { agent }),
          algorithms: { serverHostKey: [typeOf(hostKey) as ServerHostKeyAlgorithm] },
          hostVerifier: (key: Buffer) => {
            if (key.toString("base64") === hostKey.split(" ")[1]) return true;
            shown = fingerprint(key);
            return false;
          },
        });
      } catch (error) {
        // A key that can't be read: no host is at fault.
        fail(`${(error as Error).message}. Next: ssh-keygen -y -f FILE shows what is wrong with the key`);
      }
    });
  } finally {
    clearTimeout(timer);
    client.end();
    // What still comes of it is told already.
    socket.on("error", () => undefined).destroy();
  }
}

function silence(stage: Stage, limitMs: number): string {
  const within = `within ${limitMs / 1000} s`;
  switch (stage) {
    case "connection":
      return `nothing answers ${within}: it is off, or there is no way to it. Next: ping it`;
    case "banner":
      return `it takes the connection and says nothing ${within}: its sshd is stopped or starved. Next: on its console, systemctl restart ssh`;
    default:
      return `it doesn't finish the ${stage} ${within}: it is overloaded, or its disk hangs. Next: on its console, uptime`;
  }
}

function hungUp(stage: Stage): string {
  return `it hangs up before the ${stage}. Next: journalctl -u ssh, there`;
}

function otherKey(shown: string, hostKey: string): string {
  return (
    `it shows the host key ${shown}, and the estate pins ${fingerprintOf(hostKey)}: another machine, or the same one installed anew. ` +
    "Next: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on its console, and hosts.NAME.ssh.hostKey in the estate"
  );
}

function noSuchKey(hostKey: string): string {
  const type = typeOf(hostKey);
  return `it has no host key of the pinned type ${type}. Next: ssh-keyscan -t ${type.replace(/^ssh-/, "")} HOST`;
}

function locked({ user, privateKey, agent }: ProbeTarget): string {
  if (privateKey === undefined)
    return `it refuses the agent's keys for the user ${user}. Next: ssh-add -l; ssh-copy-id, or ssh-add of a key that it knows`;
  const asked =
    agent === undefined ? "" : " (beside a key, Pulumi's command plugin takes none of the agent's)";
  return `it refuses the stack's key for the user ${user}${asked}. Next: ssh-copy-id, or another holdfast:sshPrivateKeyFile`;
}

function typeOf(hostKey: string): string {
  return hostKey.split(" ")[0] ?? "";
}
