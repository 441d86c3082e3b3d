import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../cache";
import { rsyncdConf } from "../nas/receiver";
import {
  clientKeyFile,
  hostKeyFile,
  knownHostsFile,
  publicKey,
  rootKeyFile,
  type Identity,
} from "./identity";
import { devicePath, machines, type HostName } from "./machines";
import { firstBoot, newerNode } from "./first-boot";
import { filesBelow } from "./image";

type SeedFile = { readonly path: string; readonly mode?: number } & (
  | { readonly text: string }
  /** A file of this machine. */
  | { readonly from: string }
);

/**
 * Writes a host's seed: a tar archive that it reads as a disk and unpacks at its first boot (image/files, lab-init).
 * It carries what the shared image must not: name, keys, file systems by UUID.
 */
export async function writeSeed(name: HostName, identity: Identity, file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-seed-"));
  try {
    for (const file of seedFiles(name, identity)) {
      const target = join(folder, file.path);
      mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
      if ("from" in file) copyFileSync(file.from, target);
      else writeFileSync(target, file.text, { mode: file.mode ?? 0o644 });
    }
    const paths = seedFiles(name, identity).map(each => each.path);
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    await execa("tar", ["-C", folder, ...owner, "-cf", file, "--", ...paths]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function seedFiles(name: HostName, identity: Identity): SeedFile[] {
  const read = (path: string): string => readFileSync(path, "utf8");
  return [
    { path: "etc/hostname", text: `${name}\n` },
    { path: "etc/machine-id", text: `${identity[name].machineId}\n` },
    { path: "etc/fstab", text: fstab(name, identity) },
    { path: "etc/ssh/ssh_host_ed25519_key", text: read(hostKeyFile(name)), mode: 0o600 },
    { path: "etc/ssh/ssh_host_ed25519_key.pub", text: `${publicKey(hostKeyFile(name))}\n` },
    { path: "etc/ssh/ssh_known_hosts", text: read(knownHostsFile) },
    { path: "root/.ssh/authorized_keys", text: `${publicKey(clientKeyFile)}\n`, mode: 0o600 },
    { path: "root/.ssh/id_ed25519", text: read(rootKeyFile(name)), mode: 0o600 },
    { path: "root/.ssh/id_ed25519.pub", text: `${publicKey(rootKeyFile(name))}\n` },
    { path: "etc/lab/first-boot", text: firstBoot(name, identity), mode: 0o600 },
    ...(name === "nas" ? nasFiles() : name === "node" ? nodeFiles() : proxmoxFiles()),
    ...(name === "pve2" ? [{ path: newerNode.slice(1), from: process.execPath }] : []),
  ];
}

/** Proxmox's programs where it has them, and its storage: the thin pool that first-boot.ts makes. */
function proxmoxFiles(): SeedFile[] {
  const read = (name: string): string => readFileSync(join(projectRoot, "lab/proxmox", name), "utf8");
  const programs = ["usr/bin/vzdump", "usr/bin/pvesh", "usr/sbin/qm", "usr/sbin/qmrestore"];
  return [
    ...programs.map(path => ({ path, text: read(basename(path)), mode: 0o755 })),
    { path: "usr/libexec/lab/proxmox.sh", text: read("common.sh") },
    {
      path: "etc/pve/storage.cfg",
      text: "lvmthin: data\n\tthinpool data\n\tvgname pve\n\tcontent images,rootdir\n",
    },
  ];
}

function nasFiles(): SeedFile[] {
  const read = (name: string): string => readFileSync(join(projectRoot, "lab/nas", name), "utf8");
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/syno/sbin:/usr/syno/bin";
  return [
    { path: "usr/syno/sbin/synosharesnapshot", text: read("synosharesnapshot"), mode: 0o755 },
    { path: "usr/libexec/lab/lying-rsync", text: read("lying-rsync"), mode: 0o755 },
    { path: "etc/holdfast-rsyncd.conf", text: rsyncdConf },
    // As DSM has them, of which `holdfast discover` reads that it is one.
    { path: "etc.defaults/VERSION", text: 'majorversion="7"\nproductversion="7.2.1"\nbuildnumber="69057"\n' },
    { path: "etc/synoinfo.conf", text: 'upnpmodelname="stand-in"\n' },
    // As on DSM, sudo asks for the administrator's password and finds Synology's programs.
    { path: "etc/sudoers.d/dsm", text: `Defaults secure_path="${path}"\n`, mode: 0o440 },
  ];
}

/** What makes it a node once it has credentials; `lab/node` starts it then. */
function nodeFiles(): SeedFile[] {
  const folder = join(projectRoot, "lab/node/files");
  return filesBelow(folder).map(file => ({ path: relative(folder, file), text: readFileSync(file, "utf8") }));
}

/** The root disk needs no line: the kernel mounts it, and a line would make systemd wait for its device. */
function fstab(name: HostName, identity: Identity): string {
  return machines[name].disks
    .flatMap(disk => (disk.fileSystem ? [disk.fileSystem] : []))
    .map(({ path, type, options }) => {
      const uuid = identity[name].filesystems[path] ?? "";
      return `UUID=${uuid} ${path} ${type} ${options} 0 ${type === "ext4" ? 2 : 0}\n`;
    })
    .join("");
}

/** Device of the seed: the one after the last data disk. */
export function seedDevice(name: HostName): string {
  return devicePath(machines[name].disks.length + 1);
}
