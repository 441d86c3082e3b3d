import { offsiteTree, offsiteUser } from "../nas/receiver";
import { clientKeyFile, offsiteKeyFile, publicKey, rootKeyFile, type Identity } from "./identity";
import { devicePath, machines, type HostName } from "./machines";

/** This machine's Node, on `pve2`. */
export const newerNode = "/usr/local/lib/node/node";

/** Shell script that a host runs once, as its first process, before systemd. */
export function firstBoot(name: HostName, identity: Identity): string {
  const mountPoints = machines[name].disks.flatMap(disk => (disk.fileSystem ? [disk.fileSystem.path] : []));
  return [
    "chmod 700 /root/.ssh",
    ...mountPoints.map(path => `mkdir -p ${path}`),
    ...(name === "nas" ? nasVolume(identity) : name === "node" ? nodeDisk() : thinPool()),
    ...(name === "pve2" ? nodeOfProxmox9() : []),
    "rm /etc/lab/first-boot",
    "",
  ].join("\n");
}

/** The pool as the Proxmox installer names it. udev isn't there yet, so LVM makes its nodes itself. */
function thinPool(): string[] {
  const disk = devicePath(1);
  const alone =
    "--config 'activation{udev_sync=0 udev_rules=0 monitoring=0} devices{obtain_device_list_from_udev=0}'";
  return [
    "modprobe -a dm-mod dm-thin-pool",
    `pvcreate -qq ${alone} ${disk}`,
    `vgcreate -qq ${alone} pve ${disk}`,
    `lvcreate -qq ${alone} --type thin-pool -l 90%FREE --poolmetadatasize 64M -n data pve`,
    `vgchange -qq ${alone} -an pve`,
  ];
}

/**
 * `pve` has the Node of Proxmox VE 8, Debian's 18. The other host has the one that runs the tests, 20 as on Proxmox VE 9 or a later
 * one, if it runs there: with its snapshot of a started Node, which Debian leaves out, each run starts in less than half the time.
 */
function nodeOfProxmox9(): string[] {
  return [`! ${newerNode} --version >/dev/null 2>&1 || ln -sf ${newerNode} /usr/bin/node`];
}

/** What `lab/node` made: its programs and its containers' images. */
function nodeDisk(): string[] {
  return ["mkdir /opt/node", `echo "${devicePath(1)} /opt/node ext4 defaults 0 0" >>/etc/fstab`];
}

/** A volume, a shared folder with a quota, its snapshots' place and the administrator, as DSM lays them out. */
function nasVolume(identity: Identity): string[] {
  const uuid = identity.nas.filesystems["/volume1"] ?? "";
  const home = "/var/services/homes/Administrator";
  const keys = [clientKeyFile, rootKeyFile("pve")].map(publicKey);
  return [
    `mkfs.btrfs -q -L volume1 -U ${uuid} ${devicePath(1)}`,
    `mount -t btrfs ${devicePath(1)} /volume1`,
    "btrfs quota enable /volume1",
    "btrfs -q subvolume create /volume1/Backup",
    "btrfs qgroup limit 32G /volume1/Backup",
    "mkdir -p /volume1/@sharesnap/Backup /var/services/homes",
    `useradd -m -d ${home} -G sudo -s /bin/sh Administrator`,
    `echo 'Administrator:${identity.administratorPassword}' | chpasswd`,
    `mkdir -m 700 ${home}/.ssh`,
    `cat >${home}/.ssh/authorized_keys <<'END'\n${keys.join("\n")}\nEND`,
    `chown -R Administrator: ${home}/.ssh /volume1/Backup`,
    ...receiver(),
    "umount /volume1",
    // The honest one, for the time when a switch puts another in its place.
    "cp /usr/bin/rsync /usr/libexec/lab/rsync",
  ];
}

/** As docs/layers/offsite-sync.md has it of any destination: an account whose key opens one module of rsync's daemon. */
function receiver(): string[] {
  const home = `/var/services/homes/${offsiteUser}`;
  const command = "/usr/bin/rsync --server --daemon --config=/etc/holdfast-rsyncd.conf .";
  return [
    // No password is its own, and it isn't locked: sshd without PAM lets nobody in who is.
    `useradd -m -d ${home} -p '*' -s /bin/sh ${offsiteUser}`,
    `mkdir -m 700 ${home}/.ssh`,
    `cat >${home}/.ssh/authorized_keys <<'END'\nrestrict,command="${command}" ${publicKey(offsiteKeyFile)}\nEND`,
    `mkdir -m 700 ${offsiteTree}`,
    `chown -R ${offsiteUser}: ${home}/.ssh ${offsiteTree}`,
  ];
}
