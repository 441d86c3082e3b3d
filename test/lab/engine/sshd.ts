import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { freePort } from "../../../lab/free-port";
import { firewallPrograms } from "../../../lab/servers/firewall/sshd";

/** A real OpenSSH server on a free port of the loopback address, which takes one key and has one host key. */
export interface SshServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** As known_hosts has it, without the name. */
  readonly hostKey: string;
  /** Its other host key, in the same form: of type ssh-rsa. */
  readonly rsaHostKey: string;
  /** What the server said so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * @param folder for its keys, configuration and log
 * @param runs whether it runs what it is told; else it takes each command with its input and does nothing, and files that are copied
 * to /opt land in one of its own. As root alone
 */
export async function startSshServer(folder: string, { runs = true } = {}): Promise<SshServer> {
  mkdirSync(folder, { recursive: true });
  const packages = await firewallPrograms();
  const keys = { host: "ed25519", "host-rsa": "rsa", user: "ed25519" };
  for (const [name, type] of Object.entries(keys))
    await execa("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", name, "-f", join(folder, name)]);
  const publicKey = (name: string) =>
    readFileSync(join(folder, `${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const port = await freePort();
  const log = join(folder, "sshd.log");
  writeFileSync(join(folder, "sshd_config"), configuration(folder, port));
  const child = spawnServer(packages, folder, log, runs);
  const server: SshServer = {
    host: "127.0.0.1",
    port,
    user: userInfo().username,
    privateKey: readFileSync(join(folder, "user"), "utf8"),
    hostKey: publicKey("host"),
    rsaHostKey: publicKey("host-rsa"),
    log: () => readFileSync(log, "utf8"),
    stop: () => stop(child),
  };
  await listening(child, server);
  return server;
}

function configuration(folder: string, port: number): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host")}`,
    `HostKey ${join(folder, "host-rsa")}`,
    `AuthorizedKeysFile ${join(folder, "user.pub")}`,
    `PidFile ${join(folder, "sshd.pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    "AcceptEnv GREETING",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}

/**
 * As root, sshd wants a user `sshd` and a folder in /run, which a machine without the package hasn't: it gets both in a
 * mount namespace of its own, and the machine stays as it is.
 */
function spawnServer(packages: string, folder: string, log: string, runs: boolean): ChildProcess {
  const server = [join(packages, "usr/sbin/sshd"), "-D", "-E", log, "-f", join(folder, "sshd_config")];
  writeFileSync(log, "");
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [
      join(packages, "usr/lib/x86_64-linux-gnu"),
      join(packages, "lib/x86_64-linux-gnu"),
    ].join(":"),
  };
  if (process.getuid?.() !== 0) return spawn(server[0] ?? "", server.slice(1), { env, stdio: "ignore" });
  const taker = join(folder, "taker");
  writeFileSync(taker, "#!/bin/sh\nexec cat >/dev/null\n", { mode: 0o755 });
  const users = readFileSync("/etc/passwd", "utf8");
  writeFileSync(
    join(folder, "passwd"),
    `${runs ? users : users.replace(/^(root:.*:).*$/m, `$1${taker}`)}sshd:x:65530:65534::/run/sshd:/usr/sbin/nologin\n`,
  );
  writeFileSync(join(folder, "shadow"), "root:*:19000:0:99999:7:::\n", { mode: 0o600 });
  const script = [
    `mount --bind "$0/passwd" /etc/passwd`,
    `mount --bind "$0/shadow" /etc/shadow`,
    "mount -t tmpfs tmpfs /run",
    "mkdir -m 755 /run/sshd",
    ...(runs ? [] : ["mount -t tmpfs tmpfs /opt"]),
    `exec "$@"`,
  ].join(" && ");
  const argv = ["--mount", "--propagation=private", "sh", "-c", script, folder, ...server];
  return spawn("unshare", argv, { env, stdio: ["ignore", "inherit", "inherit"] });
}

async function listening(child: ChildProcess, { log }: SshServer): Promise<void> {
  while (!log().includes("Server listening")) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}: ${log()}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise(resolve => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** Nothing listens there: a port that was free a moment ago may be another test's by now, or the caller's own. */
export const closedPort = 1;
