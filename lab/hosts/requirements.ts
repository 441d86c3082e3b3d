import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs of this machine that making and running hosts needs, with the Debian package that has each. */
const programs: Readonly<Record<string, string>> = {
  "apt-get": "apt",
  "dpkg-deb": "dpkg",
  ip: "iproute2",
  mke2fs: "e2fsprogs",
  nsenter: "util-linux",
  perl: "perl",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  tar: "tar",
  taskset: "util-linux",
  unshare: "util-linux",
};

/** The rest of the project that needs no booted host. */
const stillRuns =
  'Without hosts these still run: "npm run check" (types, lint, unit tests), "npm run test:program", "npm run test:runners", "npm run docs:check".';

/** What of a machine decides whether hosts can boot on it. */
export type BootMachine = {
  readonly platform: string;
  readonly arch: string;
  readonly isRoot: boolean;
  /** Folders that programs are looked for in. */
  readonly path: readonly string[];
  /** Device that makes network cards: /dev/net/tun. */
  readonly tun: string;
};

/** Why this machine can't boot the lab's hosts, and what still can be run; undefined when nothing speaks against it. */
export function whyHostsCannotBoot(machine: BootMachine = thisMachine()): string | undefined {
  const reason = firstReason(machine);
  return reason && `The lab's hosts can't boot here: ${reason} ${stillRuns}`;
}

export function thisMachine(): BootMachine {
  return {
    platform: process.platform,
    arch: process.arch,
    isRoot: process.getuid?.() === 0,
    path: [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"],
    tun: "/dev/net/tun",
  };
}

function firstReason({ platform, arch, isRoot, path, tun }: BootMachine): string | undefined {
  if (platform !== "linux" || arch !== "x64")
    return `this machine is ${platform} ${arch}, and the lab boots Debian's User-Mode Linux for linux x64.`;
  const has = (program: string): boolean => path.some(folder => may(join(folder, program), constants.X_OK));
  const missing = Object.keys(programs).filter(program => !has(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(program => programs[program]))];
    return `${missing.join(", ")} can't be found. Next: sudo apt-get install ${packages.join(" ")}.`;
  }
  if (!existsSync(tun))
    return `there is no ${tun}, which makes their network cards. Next: sudo modprobe tun (a container needs --device ${tun}).`;
  if (!may(tun, constants.R_OK | constants.W_OK))
    return `${tun} can't be opened by this user. Next: sudo chmod 666 ${tun}, or run as root.`;
  if (!isRoot && !has("newuidmap"))
    return "newuidmap can't be found, which making their disk image without root needs. Next: sudo apt-get install uidmap.";
  return undefined;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
