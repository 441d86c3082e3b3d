import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm, utils } from "ssh2";
import { type Connection, hostKeyAlgorithms, parseHostKey } from "./connection";

/** First wait between two attempts, its growth and its largest value: those of Pulumi's Go SDK, util/retry. */
const backoff = { firstMs: 100, factor: 1.5, largestMs: 5000 };

/**
 * An SSH connection that is ready for use. Any failure is tried again, also a refused key: a host that boots may refuse
 * for a while what it takes a moment later.
 * @param retrying is told of each attempt that failed and isn't the last one
 * @throws after `dialErrorLimit` failed attempts, with the last attempt's cause
 */
export async function dial(connection: Connection, retrying: (line: string) => void): Promise<Client> {
  const config = sshConfig(connection);
  const { dialErrorLimit: limit } = connection;
  for (let attempt = 1, waitMs = backoff.firstMs; ; attempt++) {
    try {
      return await attemptOnce(config, connection);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (limit >= 0 && attempt > limit)
        throw new Error(`after ${attempt - 1} failed attempts: ${why}`, { cause: error });
      retrying(`Dial ${attempt}/${limit < 0 ? "inf" : limit} failed: retrying: ${why}`);
    }
    await sleep(waitMs);
    waitMs = Math.min(waitMs * backoff.factor, backoff.largestMs);
  }
}

/** @throws when a key can't be read: no attempt would help */
function sshConfig(connection: Connection): ConnectConfig {
  const { host, port, user, password, privateKey, privateKeyPassword, perDialTimeout } = connection;
  const agent = connection.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  if (privateKey !== undefined) refuseUnreadableKey(privateKey, privateKeyPassword);
  const pinned = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
  return {
    host,
    port,
    username: user,
    // 0 means no limit here as well as there.
    readyTimeout: perDialTimeout * 1000,
    keepaliveInterval: 15_000,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword }),
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
    ...(agent === undefined || agent === "" ? {} : { agent }),
    // A server with keys of several types has to show the pinned one.
    ...(pinned && {
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned.type) as ServerHostKeyAlgorithm[] },
    }),
  };
}

function refuseUnreadableKey(key: string, password: string | undefined): void {
  const parsed = utils.parseKey(key, password);
  if (parsed instanceof Error)
    throw new Error(`ssh: the connection's privateKey can't be read: ${parsed.message}`);
}

function attemptOnce(config: ConnectConfig, connection: Connection): Promise<Client> {
  const client = new Client();
  let mismatch: string | undefined;
  return new Promise<Client>((resolve, reject) => {
    const pinned = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
    client
      .once("ready", () => resolve(client))
      .on("error", (error: Error & { level?: string; code?: string }) => {
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
function causeOf(
  error: Error & { level?: string; code?: string },
  { host, port, user, perDialTimeout }: Connection,
): string {
  const target = `${host}:${port}`;
  switch (error.level) {
    case "client-authentication":
      return `ssh: handshake failed: ssh: unable to authenticate user "${user}" at ${target}: it refused every key and password of the connection`;
    case "client-timeout":
      return `dial tcp ${target}: i/o timeout (${perDialTimeout} s, perDialTimeout)`;
    case "client-socket":
      return `dial tcp ${target}: ${socketCause(error)}`;
  }
  if (/no matching host key format/i.test(error.message))
    return `ssh: handshake failed: ssh: host key mismatch: ${target} has no key of the pinned key's type`;
  return `ssh: handshake failed: ${target}: ${error.message}`;
}

function socketCause(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connect: connection refused";
    case "EHOSTUNREACH":
      return "connect: no route to host";
    case "ENETUNREACH":
      return "connect: network is unreachable";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host";
    case "ETIMEDOUT":
      return "i/o timeout";
    default:
      return error.message;
  }
}
