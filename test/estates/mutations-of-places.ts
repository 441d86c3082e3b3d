import { exampleRsaKey } from "../../plan/estate/example-keys";
import type { Mutation } from "./mutation";

const nas = "destinations > synology";
const pve = "hosts > pve";
const tree = (path: string) => ({
  data: [{ kind: "tree", host: "pve", path, size: "1GB" }],
  promise: { rpo: { site: "48h" } },
});
const accepted = { reason: "nobody misses it for now", owner: "viktor" };

export const mutationsOfPlaces: Mutation[] = [
  ["a NAS that was carried home", `${nas} > site`, "home", "routes/no-route-off-site"],
  ["a NAS with another's files", `${nas} > used`, "5TB", "capacity/nas", "synology"],
  ["a smaller NAS", `${nas} > size`, "2TB", "capacity/nas", "synology"],
  ["root on the NAS", `${nas} > user`, "root", "security/root-login", "synology"],
  ["a NAS without its key", `${nas} > hostKey`, undefined, "security/unpinned-host-key", "synology"],
  ["an old kind of key", `${nas} > hostKey`, exampleRsaKey, "security/weak-host-key", "synology"],
  ["a NAS over NFS", `${nas} > transport`, "nfs", "security/plaintext-transport", "synology"],
  [
    "a password in Vault alone",
    "secrets > synology-admin-password > keptIn",
    ["vault"],
    "promises/secret-cycle",
    "synology-admin-password",
  ],
  [
    "a password in Vaultwarden alone",
    "secrets > synology-admin-password > keptIn",
    ["vaultwarden"],
    "promises/secret-cycle",
    "synology-admin-password",
  ],
  [
    "a key typed in clear text",
    "secrets > pfsense-api-key > pinned",
    false,
    "security/unpinned-secret",
    "pfsense-api-key",
  ],
  ["a full pool", `${pve} > pools > data > used`, "6TB", "capacity/pool-data", "pve/data"],
  [
    "a pool's metadata nearly full",
    `${pve} > pools > data > metadata > used`,
    "15GB",
    "capacity/pool-metadata",
    "pve/data",
  ],
  [
    "a pool larger than what is left of its disk",
    `${pve} > pools > data > size`,
    "8TB",
    "capacity/disk",
    "pve/sdc",
  ],
  ["a smaller backup disk", `${pve} > disks > sda > size`, "500GB", "capacity/disk", "pve:/mnt/backup"],
  ["a full root", `${pve} > filesystems > / > used`, "1TB", "capacity/disk", "pve:/"],
  [
    "a smaller SSD tree",
    `${pve} > filesystems > /srv/nfs-ssd > size`,
    "100GB",
    "capacity/disk",
    "pve:/srv/nfs-ssd",
  ],
  ["a slow line back", "links > 1 > bandwidth", "1MB", "promises/link-too-slow"],
];

export const mutationsOfServices: Mutation[] = [
  [
    "a loss of an hour promised",
    "services > forgejo > promise > rpo > application",
    "1h",
    "promises/rpo",
    "forgejo",
  ],
  [
    "six hours promised for a fire",
    "services > vaultwarden > promise > rpo > site",
    "6h",
    "promises/rpo",
    "vaultwarden",
  ],
  ["photos back in an hour", "services > immich > promise > rto", "1h", "promises/rto", "immich"],
  [
    "the cluster back after what runs on it",
    "services > etcd > promise > rto",
    "24h",
    "promises/needs-restored-later",
    "etcd",
  ],
  ["no promise", "services > navidrome > promise", undefined, "promises/no-promise", "navidrome"],
  [
    "the cluster needs Vault, Vault the cluster",
    "services > etcd > needs",
    ["vault"],
    "promises/restore-cycle",
    "etcd",
  ],
  ["a tree that nobody copies", "services > scratch", tree("/opt/scratch"), "routes/no-copy", "scratch"],
  [
    "a tree in what is excluded",
    "services > draft",
    tree("/srv/nfs/temp/draft"),
    "routes/exclude-hides-data",
    "draft",
  ],
  [
    "fifty apps become two hundred",
    "services > other-apps > data > 0 > count",
    200,
    "capacity/disk",
    "pve:/mnt/backup",
  ],
  [
    "an encrypted volume in clear text on the NAS",
    "services > vaultwarden > data > 0 > encrypted",
    true,
    "security/unencrypted-off-site",
    "synology",
  ],
  [
    "half a terabyte more in ten days",
    "services > nextcloud > data > 0 > growthPerDay",
    "50GB",
    "capacity/full-before",
  ],
  [
    "what was accepted until last summer",
    "services > temp > data > 0 > unprotected > expires",
    "2025-06-30",
    "waivers/expired",
    "temp",
  ],
  [
    "a waiver that is over",
    "waivers > +",
    { code: "promises/rpo", subject: "immich", ...accepted, expires: "2025-06-30" },
    "waivers/expired",
    "immich",
  ],
  [
    "a waiver of nothing",
    "waivers > +",
    { code: "promises/rpo", subject: "immich", ...accepted, expires: "2027-06-30" },
    "waivers/unused",
    "immich",
  ],
  [
    "a runbook with last year's retention",
    "statements > +",
    { where: "page 3", about: "nas-snapshots", fact: "retention", says: "3d" },
    "documents/differs-from-plan",
    "nas-snapshots",
  ],
];

const expr = "monitoring > alerts > 0 > expr";
const own = "BackupDiskFull";
const free = 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot",instance="pve"}';

export const mutationsOfAlerts: Mutation[] = [
  [
    "a brace left out",
    expr,
    'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot" < 15',
    "alerts/syntax",
    own,
  ],
  [
    "a misspelt metric",
    expr,
    'lvm_snapshot_thinpol_free_pct{job="lvm-pvc-snapshot"} < 15',
    "alerts/metric-unknown",
    own,
  ],
  [
    "a misspelt job",
    expr,
    'lvm_snapshot_thinpool_free_pct{job="lvm-snapshot"} < 15',
    "alerts/label-unknown",
    own,
  ],
  ["a negative share", expr, `${free} < -15`, "alerts/never-fires", own],
  ["a sign turned round", expr, `${free} >= 0`, "alerts/always-fires", own],
  [
    "two metrics without a common label",
    expr,
    "lvm_snapshot_thinpool_free_pct / node_filesystem_size_bytes < 15",
    "alerts/join-never-matches",
    own,
  ],
  ["nobody to tell", "monitoring > alerts > 0 > receiver", undefined, "alerts/unrouted", own],
  ["no runbook", "monitoring > alerts > 0 > runbook", false, "alerts/runbook-missing", own],
  [
    "no alert when the series is gone",
    "monitoring > alerts > 0 > absence",
    false,
    "alerts/absence-uncovered",
    own,
  ],
  [
    "a second alert of the same",
    "monitoring > alerts > +",
    { name: "Disk", expr: `${free} < 15`, receiver: "infra-critical" },
    "alerts/doubly-routed",
    "Disk",
  ],
  [
    "two alerts of one name",
    "monitoring > alerts > +",
    { name: "BackupDiskFull", expr: `${free} < 20`, receiver: "infra-critical" },
    "alerts/doubly-routed",
    "BackupDiskFull",
  ],
  ["an exporter removed", "monitoring > exporters > 0", undefined, "alerts/metric-unknown", "BackupDiskFull"],
  [
    "a mount no longer exported",
    "monitoring > exporters > 0 > labels > mountpoint > 3",
    undefined,
    "alerts/label-unknown",
    "BackupDiskFull",
  ],
  [
    "critical alerts on the burning site",
    "receivers > infra-critical > outOfSite",
    false,
    "alerts/never-leaves-site",
  ],
];
