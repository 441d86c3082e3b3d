import { daily, dumpOf, mirror, offsite, snapshot } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const avail = 'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"}';
const share = `${avail} / ${avail.replace("avail", "size")}`;
const full = "monitoring > alerts > 0 > expr";
const [healthy, silent] = ["alerts/fires-when-healthy", "alerts/silent-after-a-miss"];

/** Parts of the estate that lie in one another, or rest on what isn't there. */
export const parts: TiredEdit[] = [
  [
    "a service's folder in another one's",
    "services > navidrome > data > 0 > path",
    "/srv/nfs/mailserver/music",
    "estate/one-inside-another",
    "mailserver",
  ],
  [
    "a whole tree as a service's folder",
    "services > navidrome > data > 0 > path",
    "/srv/nfs",
    "estate/one-inside-another",
    "navidrome",
  ],
  [
    "all of the SSD's tree as a service's folder",
    "services > ollama-ssd > data > 0 > path",
    "/srv/nfs-ssd",
    "estate/one-inside-another",
    "ollama-ssd",
  ],
  ...["/srv", "/srv/nfs", "/srv/nfs/mailserver"].map((path): TiredEdit => [
    `${path} among the host's configuration`,
    "services > pve-host > data > 0 > paths > +",
    path,
    "estate/one-inside-another",
    "pve-host",
  ]),
  [
    "a dump in another dump's folder",
    `${dumpOf("etcd")} > target > path`,
    "/srv/nfs/mysql-backup/etcd",
    "routes/dump-in-live-tree",
    "mysql-backup",
  ],
  [
    "a dump among the volumes' generations",
    `${dumpOf("vault")} > target > path`,
    "/mnt/backup/pvc-data/vault",
    "routes/dump-in-live-tree",
    "daily-backup",
  ],
  [
    "a dump that is all of the tree",
    `${dumpOf("vault")} > target > path`,
    "/srv/nfs",
    "routes/dump-in-live-tree",
    "vault-backup",
  ],
  [
    "a need of a scratch space",
    "services > nextcloud > needs > +",
    "temp",
    "promises/needs-left-out",
    "nextcloud",
  ],
  [
    "a need of what is gathered anew",
    "services > forgejo > needs > +",
    "frigate",
    "promises/needs-left-out",
    "forgejo",
  ],
  [
    "two receivers in one channel",
    "receivers > infra-critical > channel",
    "#infra-alerts",
    "estate/two-of-one",
    "infra-critical",
  ],
  [
    "a firewall's API at the NAS",
    "firewalls > pfsense > api > url",
    "https://192.168.1.13",
    "estate/two-of-one",
    "pfsense",
  ],
  [
    "a budget of a minute more than a usual run",
    `${daily} > budget`,
    "46min",
    "order/budget-out-of-bounds",
    "daily-backup",
  ],
  [
    "a usual run of nearly all of the budget",
    `${offsite} > usualRun`,
    "3h 55min",
    "order/budget-out-of-bounds",
    "offsite-sync-backup",
  ],
  [
    "snapshots of a minute less than their budget",
    `${snapshot} > usualRun`,
    "7min",
    "order/budget-out-of-bounds",
    "lvm-pvc-snapshot",
  ],
  [
    "a pattern that has lost its star",
    `${snapshot} > pattern`,
    "vm-*-pvc",
    'estate.layers["lvm-pvc-snapshot"][0].pattern',
  ],
  [
    "a dump's size in the unit below",
    `${dumpOf("postgresql")} > size`,
    "2MB",
    'estate.layers["cluster-dump"][0].size',
  ],
  [
    "a dump's size in the unit above",
    `${dumpOf("postgresql")} > size`,
    "2TB",
    'estate.layers["cluster-dump"][0].size',
  ],
  ["a mirror onto the SSD", `${mirror} > target`, "/srv/nfs-ssd", 'estate.layers["nfs-mirror"][0].target'],
  [
    "a leg to a share of another name",
    `${offsite} > legs > 0 > to`,
    "/Backups/Viki/pve-backup",
    'estate.layers["offsite-sync"][0].legs[0].to',
  ],
  [
    "the SSD's file system removed",
    "hosts > pve > filesystems > /srv/nfs-ssd",
    undefined,
    "alerts/exporter-names-nothing",
    "proxmox-host",
  ],
  [
    "two legs with each other's target",
    `${offsite} > legs`,
    [
      { from: "/mnt/backup", to: "/Backup/Viki/pve-backup" },
      { from: "/srv/nfs/immich", to: "/Backup/Viki/nfs-ssd" },
      { from: "/srv/nfs-ssd", to: "/Backup/Viki/nfs/immich" },
    ],
    "routes/legs-crossed",
    "offsite-sync-backup",
  ],
  [
    "two legs with each other's source",
    `${offsite} > legs`,
    [
      { from: "/srv/nfs/immich", to: "/Backup/Viki/pve-backup" },
      { from: "/mnt/backup", to: "/Backup/Viki/nfs/immich" },
      { from: "/srv/nfs-ssd", to: "/Backup/Viki/nfs-ssd" },
    ],
    "routes/legs-crossed",
    "offsite-sync-backup",
  ],
  [
    "daily copies of a namespace that snapshots leave out",
    `${daily} > volumes > more`,
    [{ namespaces: ["dbaas"], keep: { count: 7, every: "day" } }],
    "routes/namespace-names-nothing",
    "daily-backup",
  ],
  [
    "a passphrase in what is gathered anew",
    "secrets > luks-passphrase > keptIn",
    ["frigate"],
    "security/secret-in-one-place",
    "luks-passphrase",
  ],
  [
    "the NAS's password in what is gathered anew",
    "secrets > synology-admin-password > keptIn",
    ["frigate"],
    "security/secret-in-one-place",
    "synology-admin-password",
  ],
  [
    "a service's target with a letter less",
    "monitoring > exporters > +",
    { job: "cloud-metrics", instances: ["nextclod"], metrics: ["nextcloud_up"] },
    "alerts/exporter-names-nothing",
    "cloud-metrics",
  ],
  [
    "half a minute to read the disk",
    `${daily} > scrub`,
    { schedule: { onCalendar: "*-*-* 15:00:00" }, usualRun: "20s", budget: "30s" },
    "order/too-much-for-budget",
    "backup-scrub",
  ],
];

/** Hours off: what is told first is the hour, and not each promise that it breaks. */
export const outOfTurn: TiredEdit[] = [
  [
    "a daily backup in the afternoon",
    `${daily} > schedule > onCalendar`,
    "*-*-* 16:00:00",
    "schedule/out-of-turn",
    "daily-backup",
  ],
  [
    "a daily backup after the run that ships it",
    `${daily} > schedule > onCalendar`,
    "*-*-* 09:00:00",
    "schedule/out-of-turn",
    "daily-backup",
  ],
  [
    "an offsite run in the evening",
    `${offsite} > schedule > onCalendar`,
    "*-*-* 18:00:00",
    "schedule/out-of-turn",
    "offsite-sync-backup",
  ],
  [
    "an offsite run at noon",
    `${offsite} > schedule > onCalendar`,
    "*-*-* 12:15:00",
    "schedule/out-of-turn",
    "offsite-sync-backup",
  ],
  [
    "an offsite run before what it ships",
    `${offsite} > schedule > onCalendar`,
    "*-*-* 01:00:00",
    "schedule/out-of-turn",
    "offsite-sync-backup",
  ],
  [
    "a mirror in the afternoon",
    `${mirror} > schedule > onCalendar`,
    "*-*-* 14:00:00",
    "schedule/out-of-turn",
    "nfs-mirror",
  ],
  [
    "a mirror in the evening",
    `${mirror} > schedule > onCalendar`,
    "*-*-* 20:00:00",
    "schedule/out-of-turn",
    "nfs-mirror",
  ],
];

/** What isn't as it reads, and takes no copy from anybody: a warning. */
export const warned: TiredEdit[] = [
  [
    "a second NAS that nothing is sent to",
    "destinations > second",
    {
      ...{ kind: "synology", site: "away", address: "192.168.1.14", user: "backup", medium: "hdd" },
      ...{ size: "5TB", used: "1TB", secrets: ["synology-admin-password"] },
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    },
    "estate/used-by-nothing",
    "second",
  ],
  [
    "a second firewall that nothing copies",
    "firewalls > branch",
    {
      ...{ kind: "pfsense", site: "home", address: "192.168.7.1", api: { secret: "pfsense-api-key" } },
      ssh: {
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        secret: "pfsense-ssh-key",
      },
    },
    "estate/used-by-nothing",
    "branch",
  ],
  [
    "a pool's use in gigabytes for terabytes",
    "hosts > pve > pools > data > used",
    "1GB",
    "capacity/used-below-data",
    "pve/data",
  ],
];

/** Alerts on room that fire on a disk that is nearly empty, or not before it is full. */
export const room: TiredEdit[] = [
  [
    "snapshots of ten weeks",
    "layers > lvm-pvc-snapshot > 0 > keep",
    { age: "70d" },
    "capacity/vg-metadata",
    "pve/pve",
  ],
  ["plenty of room as an alarm", full, `${share} > 0.15`, healthy, "BackupDiskFull"],
  ["hardly any use as an alarm", full, `1 - ${share} < 0.15`, healthy, "BackupDiskFull"],
  ["a threshold of 95 % that are free", full, `${share} < 0.95`, healthy, "BackupDiskFull"],
  ["a threshold of 95 in percent", full, `100 * ${share} < 95`, healthy, "BackupDiskFull"],
  ["a percentage the wrong way round", full, `100 * ${share} > 15`, healthy, "BackupDiskFull"],
  ["a threshold of a seventh of a percent", full, `${share} < 0.0015`, silent, "BackupDiskFull"],
  ["a share that is used for one that is free", full, `1 - ${share} > 0.15`, healthy, "BackupDiskFull"],
  ["a share that is met by chance alone", full, `${share} == 0.15`, silent, "BackupDiskFull"],
  [
    "one disk's room among all disks'",
    full,
    "sum(node_filesystem_avail_bytes) / sum(node_filesystem_size_bytes) < 0.15",
    silent,
    "BackupDiskFull",
  ],
  [
    "the largest room among all disks'",
    full,
    "max(node_filesystem_avail_bytes) / max(node_filesystem_size_bytes) < 0.15",
    silent,
    "BackupDiskFull",
  ],
];
