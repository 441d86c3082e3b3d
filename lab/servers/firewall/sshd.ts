import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { debianPackages } from "../../debian";
import { killUnshared } from "../../kill-unshared";
import { tarScript } from "./faults";
import { firewallFolders } from "./tree";

/** A machine of its own for the stand-in: its files over this machine's, seen by its processes alone, and a real sshd. */
export interface FirewallHost {
  /** Command line that runs a shell command there. */
  shell(command: string): readonly [string, string[]];
  stop(): Promise<void>;
}

const packages = [
  "openssh-server",
  "libwrap0",
  "libarchive-tools",
  "libarchive13",
  "libnettle8",
  "libxml2",
  "libicu72",
];

/** Folder with the programs of a firewall; needs the network the first time. */
export function firewallPrograms(): Promise<string> {
  return debianPackages("firewall", packages);
}

/** @param folder with `tree`, `faults` and `keys` */
export async function startHost(folder: string, address: string, port: number): Promise<FirewallHost> {
  const tools = await firewallPrograms();
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]
    .map(path => join(tools, path))
    .join(":");
  for (const path of ["machine", "memory"]) mkdirSync(join(folder, path));
  const text = (name: string, content: string, mode = 0o644): void =>
    writeFileSync(join(folder, name), content, { mode });
  text("passwd", "root:x:0:0:root:/root:/bin/sh\nsshd:x:65530:65534::/run/sshd:/usr/sbin/nologin\n");
  text("shadow", "root:*:19000:0:99999:7:::\n", 0o600);
  // pfSense is a FreeBSD: its tar is bsdtar.
  text("tar", tarScript(`env LD_LIBRARY_PATH=${libraries} ${join(tools, "usr/bin/bsdtar")}`), 0o755);
  text("sshd_config", configuration(folder, address, port));
  text("sshd.log", "");
  const server = [
    join(tools, "usr/sbin/sshd"),
    "-D",
    "-E",
    join(folder, "sshd.log"),
    "-f",
    join(folder, "sshd_config"),
  ];
  const machine = join(folder, "machine");
  const inside = ["chroot", machine, "env", `LD_LIBRARY_PATH=${libraries}`, ...server];
  // Sessions are in its own list of processes, and end with it: a client that was killed leaves one that waits for ever.
  const own = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child"];
  const log = openSync(join(folder, "sshd.log"), "a");
  const child = spawn("unshare", [...own, "sh", "-e", "-c", machineScript, folder, ...inside], {
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await listening(child, join(folder, "sshd.log"));
  return {
    shell: command => [
      "nsenter",
      [`--mount=/proc/${child.pid}/ns/mnt`, "chroot", machine, "/bin/sh", "-c", command],
    ],
    stop: () => killUnshared(child),
  };
}

/** All mounts are in a namespace of the server's own and go with it. */
const machineScript = [
  `mount -t tmpfs tmpfs "$0/memory"`,
  `mkdir "$0/memory/upper" "$0/memory/work"`,
  `mount -t overlay overlay -o "lowerdir=/,upperdir=$0/memory/upper,workdir=$0/memory/work" "$0/machine"`,
  `mount --rbind /proc "$0/machine/proc"`,
  `mount --rbind /dev "$0/machine/dev"`,
  `for path in ${firewallFolders.join(" ")}; do mkdir -p "$0/machine/$path"; mount --bind "$0/tree/$path" "$0/machine/$path"; done`,
  `mkdir -p "$0/machine/faults" "$0/machine$0" "$0/machine/run/sshd" "$0/machine/conf"`,
  `mount --bind "$0/faults" "$0/machine/faults"`,
  `mount --bind "$0" "$0/machine$0"`,
  `mount --bind "$0/passwd" "$0/machine/etc/passwd"`,
  `mount --bind "$0/shadow" "$0/machine/etc/shadow"`,
  `rm -f "$0/machine/usr/local/bin/tar"; cp "$0/tar" "$0/machine/usr/local/bin/tar"`,
  `chmod 755 "$0/machine/run/sshd"`,
  `exec "$@"`,
].join("\n");

function configuration(folder: string, address: string, port: number): string {
  return [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${join(folder, "keys", "host")}`,
    `AuthorizedKeysFile ${join(folder, "keys", "user.pub")}`,
    `PidFile ${join(folder, "sshd.pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    // For sntrup761, on which both would agree, ssh computes longer than for all that a test asks.
    "KexAlgorithms curve25519-sha256",
    "PermitRootLogin yes",
    "SetEnv PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "",
  ].join("\n");
}

async function listening(child: ChildProcess, log: string): Promise<void> {
  while (!readFileSync(log, "utf8").includes("Server listening")) {
    if (child.exitCode !== null)
      throw new Error(`the firewall's sshd ended with ${child.exitCode}: ${readFileSync(log, "utf8")}`);
    await sleep(20);
  }
}
