import { fixedFacts, writeFacts, type HostFacts } from "../facts";
import { startNamespace } from "../namespace";
import { isRunning, stopProcess, until } from "../process";
import { boot, processName } from "./boot";
import { ensureDisks, removeDisks } from "./disks";
import { clientKeyFile, ensureIdentity, type Identity } from "./identity";
import { ensureImage } from "./image";
import { type Kernel, prepareKernel } from "./kernel";
import { withLabLock } from "../lock";
import { hostNames, machines, standingHosts, type HostName } from "./machines";
import { spreadHosts } from "./processors";
import { whyHostsCannotBoot } from "./requirements";
import { closeConnection, openConnection } from "./shared-connection";
import { onHost, sharedConnectionArgv } from "./ssh";

export { processName } from "./boot";
export { hostName, hostNames, machines, standingHosts, type HostName } from "./machines";
export { mustOnHost, onHost, sshArgv, type CommandOptions, type CommandResult } from "./ssh";

export type StartOptions = {
  /** Hosts to start. @default those that a lab has without being asked for more */
  readonly only?: readonly HostName[];
  /** Makes the disk of a host that has a prepared one, from the image of all hosts. */
  readonly prepare?: (kernel: Kernel, image: string) => Promise<string>;
  /** Gets a line for each thing that takes time. */
  readonly say: (line: string) => void;
};

/**
 * Boots the lab's hosts that don't run yet, in parallel, on the disks that they have or on fresh ones, and writes the
 * lab's facts. Ends when each answers over SSH and has started all of its units.
 * @throws with the reason and what runs without hosts, when this machine can't boot them
 */
export async function startHosts({ only = standingHosts, prepare, say }: StartOptions): Promise<void> {
  const reason = whyHostsCannotBoot();
  if (reason !== undefined) throw new Error(reason);
  await withLabLock("hosts", say, async () => {
    await startNamespace();
    const identity = await ensureIdentity();
    const stopped = only.filter(name => !isRunning(processName(name)));
    if (stopped.length > 0) {
      const kernel = await prepareKernel();
      const image = await ensureImage(kernel, say);
      const boots = spreadHosts(stopped, name => machines[name].memoryMib).map(async ([name, processor]) => {
        say(`${name}: booting`);
        const disks = await ensureDisks(name, image, identity, await prepare?.(kernel, image));
        await boot(name, kernel, disks, processor);
        await openConnection(name, sharedConnectionArgv(name));
        say(`${name}: up at ${machines[name].address}`);
      });
      const failed = (await Promise.allSettled(boots)).find(result => result.status === "rejected");
      if (failed) throw failed.reason;
    }
    writeFacts({
      ...fixedFacts,
      pve: hostFacts("pve", identity),
      pve2: hostFacts("pve2", identity),
      nas: hostFacts("nas", identity),
    });
  });
}

/** Shuts hosts down in order; their disks stay for the next start. */
export async function stopHosts(only: readonly HostName[] = hostNames): Promise<void> {
  await Promise.all(only.map(shutDown));
}

/** Ends hosts as a power cut does: what was in their memory is lost, their disks stay as they are. */
export async function powerCut(...names: readonly HostName[]): Promise<void> {
  await Promise.all(names.map(cutPower));
}

/** Ends hosts and throws their disks away. Keys and UUIDs stay, so an estate that names them still fits. */
export async function resetHosts(only: readonly HostName[] = hostNames): Promise<void> {
  await powerCut(...only);
  for (const name of only) removeDisks(name);
}

export type HostStatus = { readonly name: HostName; readonly address: string; readonly running: boolean };

/** The hosts that a lab always has, and any other that runs. */
export function hostStatus(): HostStatus[] {
  const standing: readonly HostName[] = standingHosts;
  return hostNames
    .map(name => ({ name, address: machines[name].address, running: isRunning(processName(name)) }))
    .filter(({ name, running }) => running || standing.includes(name));
}

async function shutDown(name: HostName): Promise<void> {
  if (!isRunning(processName(name))) return;
  // A host that can't be told any more is ended like a power cut, below.
  await onHost(name, "systemctl poweroff --no-block", { timeoutMs: 60_000 }).catch(() => undefined);
  await until(() => !isRunning(processName(name)), 600_000);
  await cutPower(name);
}

async function cutPower(name: HostName): Promise<void> {
  await stopProcess(processName(name), 0);
  await closeConnection(name);
}

function hostFacts(name: HostName, identity: Identity): HostFacts {
  return {
    address: machines[name].address,
    port: 22,
    user: name === "nas" ? "Administrator" : "root",
    hostKey: identity[name].hostKey,
    privateKeyFile: clientKeyFile,
    filesystems: identity[name].filesystems,
  };
}
