import { readFileSync, readlinkSync } from "node:fs";
import { isRunning, logFile, runningProcess, startProcess, stopProcess, until } from "../process";
import type { Reply } from "./http";
import type { Programs } from "./programs";

/** Names of the servers, which are also the names of their logs and data folders. */
export const serverNames = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "pushgateway",
  "prometheus",
  "alertmanager",
  "receiver",
  "rule-sync",
  "pods",
  "firewall",
] as const;

export type ServerName = (typeof serverNames)[number];

/** A program of the lab that others talk to over HTTP. */
export interface Server<Name extends string = ServerName> {
  readonly name: Name;
  readonly url: string;
  readonly argv: (programs: Programs) => string[];
  /** Writes what the program reads at its start. */
  readonly prepare?: () => void;
  /** Asks the server whether it serves: status 200 says so. */
  readonly health: () => Promise<Reply>;
}

/**
 * Starts a server in this process' network, unless it runs there with the same arguments, and waits until it serves.
 * @param patienceMs how long it may take until it serves
 * @returns whether it was started (true) or was found running (false)
 * @throws with the end of its log when it ends or doesn't serve in time
 */
export async function ensureServing(
  server: Server<string>,
  programs: Programs,
  patienceMs = 300_000,
): Promise<boolean> {
  const { name } = server;
  const argv = server.argv(programs);
  const before = runningProcess(name);
  // A network that was thrown away takes nobody along who still runs in it, but no host can reach it any more.
  const usable = before && isInOurNetwork(before.pid) && JSON.stringify(before.argv) === JSON.stringify(argv);
  if (before && !usable) await stopProcess(name);
  server.prepare?.();
  if (!usable) await startProcess(name, argv);
  let trouble: string | undefined;
  const decided = await until(async () => {
    trouble = await troubleOf(server);
    return trouble === undefined || !isRunning(name);
  }, patienceMs);
  if (!decided)
    throw new Error(`${name} doesn't serve after ${patienceMs / 1000} s: ${trouble}.${logTail(name)}`);
  if (trouble !== undefined) throw new Error(`${name} ended right after its start.${logTail(name)}`);
  return !usable;
}

/** Why a server doesn't serve, or nothing when it does. */
export async function troubleOf(server: Server<string>): Promise<string | undefined> {
  try {
    const { status, body } = await server.health();
    return status === 200 ? undefined : `it answers with status ${status}: ${body.trim().slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isInOurNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net");
  } catch {
    return false;
  }
}

function logTail(name: string): string {
  const file = logFile(name);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(-8);
  return ` The end of "${file}":\n${lines.map(line => `  ${line.slice(0, 400)}`).join("\n")}`;
}
