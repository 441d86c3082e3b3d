import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startProcess, stopProcess, until } from "../process";
import { hostDir } from "./disks";
import type { HostName } from "./machines";

/** OpenSSH makes the socket under this name and 17 characters more, and a socket's path holds 107 (unix(7)). */
const longestPath = 90;

/** Socket of the connection that a host's commands share. */
export const connectionSocket = (name: HostName): string => join(hostDir(name), "ssh");

const processName = (name: HostName): string => `ssh-${name}`;

/**
 * Keeps one SSH connection to a host open, which the lab's commands then run over: a new one is several
 * programs more to start. Without it commands work too, each over its own.
 * @param argv the ssh command that connects, up to the host's address
 */
export async function openConnection(name: HostName, argv: readonly string[]): Promise<void> {
  const socket = connectionSocket(name);
  if (socket.length > longestPath) return;
  await closeConnection(name);
  await startProcess(processName(name), argv);
  await until(() => existsSync(socket), 300_000);
}

/** Ends the connection: commands to a host that is gone would hang on it. */
export async function closeConnection(name: HostName): Promise<void> {
  await stopProcess(processName(name), 0);
  rmSync(connectionSocket(name), { force: true });
}
