/** One edit of the homelab, and what answers it. Nothing as the new value: removed. Without a subject: several have it. */
export type Mutation = readonly [what: string, at: string, to: unknown, code: string, subject?: string];

export const mirror = "layers > nfs-mirror > 0";
export const daily = "layers > daily-backup > 0";
export const offsite = "layers > offsite-sync > 0";
export const snapshot = "layers > lvm-pvc-snapshot > 0";
export const nasSnapshot = "layers > nas-snapshots > 0";
export const tracker = "layers > nfs-change-tracker > 0";

const dumps = ["postgresql", "mysql", "etcd", "vault", "redis", "vaultwarden", "postiz"] as const;
export const dumpOf = (name: (typeof dumps)[number]): string =>
  `layers > cluster-dump > ${dumps.indexOf(name)}`;
