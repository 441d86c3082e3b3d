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
  unshare: "util-linux",
};

/** The rest of the project that needs no booted host. */
const stillRuns =
  'Without hosts these still run: "npm run check" (types, lint, unit tests), "npm run test:program", "npm run test:runners", "npm run docs:check".';

/** Why this machine can't boot the lab's hosts, and what still can be run; undefined when nothing speaks against it. */
export function whyHostsCannotBoot(): string | undefined {
  const reason = firstReason();
  return reason && `The lab's hosts can't boot here: ${reason} ${stillRuns}`;
}

function firstReason(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `this machine is ${process.platform} ${process.arch}, and Debian has User-Mode Linux for linux x64 only.`;
  const missing = Object.keys(programs).filter(program => !isOnPath(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(program => programs[program]))];
    return `${missing.join(", ")} can't be found. Next: sudo apt-get install ${packages.join(" ")}.`;
  }
  if (!existsSync("/dev/net/tun"))
    return "there is no /dev/net/tun, their network card. Next: sudo modprobe tun (a container needs --device /dev/net/tun).";
  if (!may("/dev/net/tun", constants.R_OK | constants.W_OK))
    return "/dev/net/tun can't be opened by this user. Next: sudo chmod 666 /dev/net/tun, or run as root.";
  if (process.getuid?.() !== 0 && !isOnPath("newuidmap"))
    return "newuidmap can't be found, which the image of a root file system needs when made without root. Next: sudo apt-get install uidmap.";
  return undefined;
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some(folder => may(join(folder, program), constants.X_OK));
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
