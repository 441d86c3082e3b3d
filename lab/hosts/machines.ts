/**
 * The lab's hosts: `pve` stands for the Proxmox host, `nas` for the Synology. `pve2` is a second Proxmox host, which only
 * tests start: they break its volumes while others use `pve`. `pve` has Debian's Node 18, as Proxmox VE 8, and `pve2` a newer one.
 * `node` is the cluster's own: a kubelet runs containers there (`lab/node`).
 */
export const hostNames = ["pve", "pve2", "nas", "node"] as const;

/** Hosts that a lab has without being asked for more. */
export const standingHosts = ["pve", "nas"] as const satisfies readonly HostName[];

export type HostName = (typeof hostNames)[number];

export type FileSystem = {
  readonly type: "ext4" | "btrfs";
  /** Mount point on the host. */
  readonly path: string;
  /** Mount options, as in fstab(5). */
  readonly options: string;
};

export type Disk = {
  /** Its file is `.holdfast/lab/hosts/HOST/NAME.disk`. */
  readonly name: string;
  /** What the host sees; the file is sparse and takes what was written. */
  readonly sizeGib: number;
  /** Absent: the disk belongs to LVM. */
  readonly fileSystem?: FileSystem;
  /** Made once for all labs, by the build that is handed to `startHosts`; the host writes to an overlay of its own. */
  readonly prepared?: true;
};

export type Machine = {
  readonly address: string;
  readonly memoryMib: number;
  /** In the order of their devices: /dev/ubdb, /dev/ubdc, and on. /dev/ubda is the root disk. */
  readonly disks: readonly Disk[];
};

const proxmox: Omit<Machine, "address"> = {
  memoryMib: 1024,
  disks: [
    { name: "thin", sizeGib: 32 },
    { name: "nfs", sizeGib: 32, fileSystem: { type: "ext4", path: "/srv/nfs", options: "defaults" } },
    { name: "nfs-ssd", sizeGib: 8, fileSystem: { type: "ext4", path: "/srv/nfs-ssd", options: "defaults" } },
    {
      name: "backup",
      sizeGib: 64,
      fileSystem: { type: "ext4", path: "/mnt/backup", options: "defaults,nofail,nosuid,nodev,noexec" },
    },
  ],
};

export const machines: Readonly<Record<HostName, Machine>> = {
  pve: { address: "10.77.0.11", ...proxmox },
  // What a run does with 200,000 files is measured there: with less memory, it is how the kernel makes room for them.
  pve2: { address: "10.77.0.13", ...proxmox, memoryMib: 3072 },
  nas: {
    address: "10.77.0.12",
    memoryMib: 512,
    disks: [
      { name: "volume1", sizeGib: 64, fileSystem: { type: "btrfs", path: "/volume1", options: "defaults" } },
    ],
  },
  node: { address: "10.77.0.14", memoryMib: 1024, disks: [{ name: "node", sizeGib: 4, prepared: true }] },
};

/** Device of the nth disk on a host: 0 is the root disk, /dev/ubda. */
export function devicePath(index: number): string {
  return `/dev/ubd${String.fromCharCode("a".charCodeAt(0) + index)}`;
}

/** Name of a host given by a person. @throws when there is no such host */
export function hostName(text: string): HostName {
  const name = hostNames.find(known => known === text);
  if (name === undefined) throw new Error(`No host "${text}" in the lab. Allowed: ${hostNames.join(", ")}`);
  return name;
}
