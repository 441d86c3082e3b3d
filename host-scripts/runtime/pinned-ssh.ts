import { overShared } from "./shared-ssh";

/** How a machine is reached that shows one host key and lets one private key in. */
export interface PinnedMachine {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Its only public key, as known_hosts has it, without a name. */
  readonly hostKey: string;
  /** File with that line. */
  readonly knownHosts: string;
  /** Name in that line, of any that no resolver answers for. @default the address and the port, as ssh(1) writes them */
  readonly alias?: string;
  /** File with the private key. */
  readonly identity: string;
  /** Socket of a connection that others share; one that isn't there is no fault. */
  readonly shared?: string | undefined;
  /** It goes over that connection, or not at all. */
  readonly isBound?: boolean | undefined;
}

/** A command of ssh(1) up to what is to run there. Its options win over any that the host's own configuration has. */
export function pinnedSsh(machine: PinnedMachine): [string, ...string[]] {
  return [...pinnedShell(machine), "-l", machine.user, "--", machine.address];
}

/** The same for a program that says itself which account of which machine it wants, as rsync does of its remote shell. */
export function pinnedShell(machine: Omit<PinnedMachine, "address" | "user">): [string, ...string[]] {
  const [type = ""] = machine.hostKey.split(" ");
  const settings = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    ...(machine.alias === undefined ? [] : [`HostKeyAlias=${machine.alias}`]),
    `UserKnownHostsFile="${machine.knownHosts}"`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    // One with keys of several types has to show the pinned one.
    `HostKeyAlgorithms=${type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type}`,
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "LogLevel=ERROR",
    ...(machine.shared === undefined ? [] : overShared(machine.shared, machine.isBound === true)),
  ];
  return [
    ...(["ssh", "-F", "/dev/null", "-T", "-x", "-a"] as const),
    ...settings.flatMap(setting => ["-o", setting]),
    ...["-i", machine.identity, "-p", String(machine.port)],
  ];
}

/**
 * Whether ssh(1) ended as the machine didn't show the key that is pinned, by what it said: that fills a screen, and ends with advice
 * to forget the key.
 */
export function isOtherMachine(said: string): boolean {
  return /HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known|no matching host key type/.test(
    said,
  );
}
