/** A claim of the house, and the thin volume on `pve` that was made for it. */
export interface HouseClaim {
  readonly namespace: string;
  readonly name: string;
  /** Logical volume, as the Proxmox CSI plugin calls it. */
  readonly volume: string;
  readonly sizeMib: number;
  readonly holds: "files" | "sqlite" | "nasty" | "nothing";
  readonly fileSystem: "ext4" | "xfs" | "luks";
  /** Left with work in its journal or log, as a volume that a guest had mounted when the snapshot was made. */
  readonly dirty: boolean;
}

type Described = Partial<Pick<HouseClaim, "fileSystem" | "holds" | "dirty" | "sizeMib">>;

const described: readonly (readonly [namespace: string, claim: string, more?: Described])[] = [
  ["vaultwarden", "data", { holds: "sqlite", dirty: true }],
  ["forgejo", "data", { holds: "sqlite" }],
  ["freshrss", "data", { holds: "sqlite" }],
  ["headscale", "data", { holds: "sqlite" }],
  ["nextcloud", "html", { holds: "nasty" }],
  ["nextcloud", "data", { fileSystem: "xfs" }],
  ["mailserver", "maildir", { fileSystem: "xfs", dirty: true }],
  ["paperless", "documents", { fileSystem: "luks" }],
  ...range(12).map(index => [`app-${index + 1}`, "data"] as const),
  ["dbaas", "postgresql", { holds: "nothing" }],
  ["monitoring", "prometheus", { holds: "nothing" }],
];

/** More than twenty claims, two of them in namespaces without snapshots. */
export const claims: readonly HouseClaim[] = described.map(([namespace, name, more = {}], index) => ({
  namespace,
  name,
  volume: volumeName(index + 1),
  // 300 MiB is the least that mkfs.xfs takes.
  sizeMib: more.fileSystem === "xfs" ? 320 : more.fileSystem === "luks" ? 96 : 64,
  holds: "files",
  fileSystem: "ext4",
  dirty: false,
  ...more,
}));

/** A volume that no PersistentVolume names: covered all the same. */
export const unclaimed = volumeName(90);

function volumeName(index: number): string {
  return `vm-9999-pvc-00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
