import { createHash } from "node:crypto";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm, utils } from "ssh2";
import { type Connection, parseHostKey } from "./connection";

/** First wait between two attempts, its growth and its largest value: those of Pulumi's Go SDK, util/retry. */
const backoff = { firstMs: 100, factor: 1.5, largestMs: 5000 };

/**
 * An SSH connection that is ready for use, as the official plugin makes it. Any failure is tried again, also a refused key;
 * but nothing bounds an attempt once TCP has connected: a server that says nothing holds it for ever.
 * @param retrying is told of each attempt that failed and isn't the last one
 * @throws after `dialErrorLimit` failed attempts, with the last attempt's cause; at once for a key that can't be read, and
 *   for an agent that doesn't answer, whether or not it is needed
 */
export async function dial(connection: Connection, retrying: (line: string) => void): Promise<Client> {
  const config = await sshConfig(connection);
  const { dialErrorLimit: limit } = connection;
  for (let attempt = 1, waitMs = backoff.firstMs; ; attempt++) {
    try {
      return await attemptOnce(config, connection);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (limit >= 0 && attempt > limit)
        throw new Error(`after ${attempt - 1} failed attempts: ${why}`, { cause: error });
      retrying(`Dial ${attempt}/${limit < 0 ? "inf" : limit} failed: retrying`);
    }
    await sleep(waitMs);
    waitMs = Math.min(waitMs * backoff.factor, backoff.largestMs);
  }
}

/** @throws when a key can't be read or the agent doesn't answer: no attempt would help */
async function sshConfig(connection: Connection): Promise<ConnectConfig> {
  const { user, password, privateKey, privateKeyPassword } = connection;
  const agent = connection.agentSocketPath ?? (process.env["SSH_AUTH_SOCK"] || undefined);
  if (privateKey !== undefined) refuseUnreadableKey(privateKey, privateKeyPassword);
  if (agent !== undefined) await refuseDeadAgent(agent);
  const pinned = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
  return {
    username: user,
    // No limit: `perDialTimeout` is for the TCP connection, which is made below.
    readyTimeout: 0,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword }),
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
    ...(agent === undefined ? {} : { agent }),
    // In Go's order. It tries each kind once: beside a key of the connection, none of the agent's.
    authHandler: [
      "none",
      ...(privateKey === undefined ? [] : (["publickey"] as const)),
      ...(password === undefined ? [] : (["password", "keyboard-interactive"] as const)),
      ...(privateKey === undefined && agent !== undefined ? (["agent"] as const) : []),
    ],
    // The pinned key's type is asked for by its own name alone. Of "ssh-rsa", that is a signature with SHA-1, which
    // OpenSSH has refused since 8.8.
    ...(pinned && { algorithms: { serverHostKey: [pinned.type as ServerHostKeyAlgorithm] } }),
  };
}

function refuseUnreadableKey(key: string, password: string | undefined): void {
  const parsed = utils.parseKey(key, password);
  if (parsed instanceof Error)
    throw new Error(`ssh: the connection's privateKey can't be read: ${parsed.message}`);
  if (password !== undefined && !(utils.parseKey(key) instanceof Error))
    throw new Error("ssh: key is not password protected");
}

async function refuseDeadAgent(path: string): Promise<void> {
  const socket = createConnection({ path });
  try {
    await once(socket, "connect");
  } catch (cause) {
    throw new Error(`dial unix ${path}: ${socketCause(cause as Error)}`, { cause });
  } finally {
    socket.destroy();
  }
}

/** A TCP connection. What Go asks of each: a peer that is gone is noticed by the kernel's own probes. */
async function connected({ host, port, perDialTimeout }: Connection): Promise<Socket> {
  const socket = createConnection({ host, port, keepAlive: true, keepAliveInitialDelay: 15_000 });
  const limit = perDialTimeout === 0 ? {} : { signal: AbortSignal.timeout(perDialTimeout * 1000) };
  try {
    await once(socket, "connect", limit);
    return socket;
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    throw new Error(`dial tcp ${host}:${port}: ${socketCause(error as Error)}`, { cause: error });
  }
}

async function attemptOnce(config: ConnectConfig, connection: Connection): Promise<Client> {
  const sock = await connected(connection);
  const client = new Client();
  let mismatch: string | undefined;
  return new Promise<Client>((resolve, reject) => {
    const pinned = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
    client
      .once("ready", () => resolve(client))
      .on("error", (error: Error & { level?: string }) => {
        client.end();
        reject(new Error(mismatch ?? causeOf(error, connection)));
      })
      .once("close", () =>
        reject(
          new Error(`ssh: handshake failed: ${connection.host}:${connection.port} closed the connection`),
        ),
      )
      .on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) =>
        answer(prompts.map(() => connection.password ?? "")),
      )
      .connect({
        ...config,
        sock,
        hostVerifier: (key: Buffer) => {
          if (!pinned || pinned.blob.equals(key)) return true;
          mismatch = `ssh: handshake failed: ssh: host key mismatch: ${connection.host}:${connection.port} shows ${fingerprint(key)}, the pinned key is ${fingerprint(pinned.blob)}`;
          return false;
        },
      });
  });
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(blob: Buffer): string {
  const hash = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return `SHA256:${hash}`;
}

/** One cause, in the words of the official plugin (Go's net and x/crypto/ssh). */
function causeOf(error: Error & { level?: string }, { host, port, user, hostKey }: Connection): string {
  const target = `${host}:${port}`;
  if (error.level === "client-authentication")
    return `ssh: handshake failed: ssh: unable to authenticate user "${user}" at ${target}: it refused every key and password of the connection`;
  if (/no matching host key format/i.test(error.message))
    return `ssh: handshake failed: ssh: no common algorithm for host key; we offered: [${hostKey === undefined ? "" : parseHostKey(hostKey).type}], ${target} has none of that type`;
  return `ssh: handshake failed: ${target}: ${error.message}`;
}

function socketCause(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connect: connection refused";
    case "ENOENT":
      return "connect: no such file or directory";
    case "EHOSTUNREACH":
      return "connect: no route to host";
    case "ENETUNREACH":
      return "connect: network is unreachable";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host";
    case "ETIMEDOUT":
    case "ABORT_ERR":
      return "i/o timeout";
    default:
      return error.message;
  }
}
