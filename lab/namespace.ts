import { readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { execa } from "execa";
import { withLabLock } from "./lock";
import { endProcess, isRunning, parentOf, runningProcess, startProcess, stopProcess, until } from "./process";

/** The operator's address in the lab's network: servers listen here, and hosts push to it. */
export const operatorAddress = "10.77.0.1";

const holder = "namespace";

/** One network for the whole lab: a bridge `br0` with the operator's address, apart from the machine's own network. */
export async function startNamespace(): Promise<void> {
  // Hosts and servers start at the same time, and both want the network.
  await withLabLock("network", () => undefined, makeNamespace);
}

async function makeNamespace(): Promise<void> {
  if (isRunning(holder)) return;
  const unshare = isRoot() ? ["unshare", "--net"] : ["unshare", "--user", "--map-root-user", "--net"];
  await startProcess(holder, [...unshare, "sleep", "infinity"]);
  const ours = readlinkSync("/proc/self/ns/net");
  const apart = await until(() => {
    const theirs = holderNamespace();
    return theirs !== undefined && theirs !== ours;
  }, 600_000);
  if (!apart) throw new Error(`No network namespace: ${reasonHint()}`);
  for (const words of [
    "link set lo up",
    "link add br0 type bridge forward_delay 0",
    `addr add ${operatorAddress}/24 dev br0`,
    "link set br0 up",
  ]) {
    await ip(words);
  }
}

/** Runs `ip WORDS` in the lab's network. */
export async function ip(words: string): Promise<void> {
  const [program = "", ...args] = inNamespace(["ip", ...words.split(" ")]);
  await execa(program, args);
}

/** The command that runs `argv` in the lab's network; `argv` itself when this process is in it already. */
export function inNamespace(argv: readonly string[]): string[] {
  const record = runningProcess(holder);
  if (!record) throw new Error('The lab is not up. Next: "npm run lab -- up"');
  if (isInNamespace()) return [...argv];
  const user = isRoot() ? [] : ["--user", "--preserve-credentials"];
  return ["nsenter", `--target=${record.pid}`, ...user, "--net", "--", ...argv];
}

/** Runs a command in the lab's network to its end, with this process' own streams. @returns its exit code, as a shell tells it */
export async function runInNamespace(command: readonly string[]): Promise<number> {
  const [program = "", ...args] = inNamespace(command);
  const child = execa(program, args, { stdio: "inherit", reject: false });
  // A terminal's Ctrl-C reaches the command as well; a plain SIGTERM has to be passed on. The command decides when to end.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const { exitCode, signal, message } = await child;
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + constants.signals[signal];
  console.error(message);
  return 127;
}

/** Whether this process itself runs in the lab's network. */
export function isInNamespace(): boolean {
  return holderNamespace() === readlinkSync("/proc/self/ns/net");
}

/** Takes the network down, and with SIGKILL every process that is still in it, except this one and its parents. */
export async function stopNamespace(): Promise<void> {
  const gone = await until(() => {
    const left = inhabitants();
    for (const pid of left) endProcess(pid);
    return left.length === 0;
  }, 600_000);
  if (!gone)
    throw new Error(
      `Processes ${inhabitants().join(", ")} are still in the lab's network 600 s after SIGKILL`,
    );
  await stopProcess(holder);
}

/**
 * Processes in the lab's network. None has a record when a command that was starting it was killed at the wrong moment,
 * but the network is the lab's alone, so all in it belong to the lab.
 */
function inhabitants(): number[] {
  const network = holderNamespace();
  if (network === undefined) return [];
  const spared = [runningProcess(holder)?.pid, ...ancestors()];
  return readdirSync("/proc")
    .filter(entry => /^\d+$/.test(entry))
    .map(Number)
    .filter(pid => !spared.includes(pid) && networkOf(pid) === network);
}

/** This process and those above it: a lab may be taken down from a shell in its own network. */
function ancestors(): number[] {
  const found: number[] = [];
  for (let pid: number | undefined = process.pid; pid && pid > 1; pid = parentOf(pid)) found.push(pid);
  return found;
}

function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function holderNamespace(): string | undefined {
  const record = runningProcess(holder);
  return record && networkOf(record.pid);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function reasonHint(): string {
  return isRoot()
    ? "this machine lets not even root make one (a container without CAP_SYS_ADMIN?)"
    : "unprivileged user namespaces are switched off here. Next: sudo sysctl kernel.unprivileged_userns_clone=1";
}
