import { estate } from "../../stacks/homelab/estate";
import { daily, dumpOf, mirror, nasSnapshot, offsite, snapshot, tracker } from "./mutation";

/**
 * One edit of the homelab that a tired operator makes. What answers it is the code of the first finding, an error, or the
 * place of the first fault in an estate that is refused.
 */
export type TiredEdit = readonly [what: string, at: string, to: unknown, answer: string, subject?: string];

const accepted = { reason: "too large for now", owner: "viktor", expires: "2027-06-30" };

export const leftOut: TiredEdit[] = [
  [
    "photos that are promised, and left out",
    "services > immich > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "immich",
  ],
  [
    "passwords that are promised, and left out",
    "services > vaultwarden > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "vaultwarden",
  ],
  [
    "the cluster's state left out",
    "services > etcd > data > 0 > unprotected",
    accepted,
    "promises/left-out-yet-promised",
    "etcd",
  ],
  ["photos without a size", "services > immich > data > 0 > size", undefined, "promises/rto", "immich"],
  [
    "a volume without a size",
    "services > nextcloud > data > 0 > size",
    undefined,
    "promises/rto",
    "nextcloud",
  ],
  [
    "the host's files without a size",
    "services > pve-host > data > 0 > size",
    undefined,
    "promises/rto",
    "pve-host",
  ],
];

const hostKey = estate.hosts.pve?.ssh.hostKey ?? "";
const copied = {
  site: "home",
  address: "192.168.1.128",
  ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD" },
  disks: { sda: { medium: "ssd", size: "1TB" } },
  filesystems: { "/": { disk: "sda", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0009" } },
};
const nasAgain = {
  ...{ kind: "synology", site: "away", address: "192.168.1.14", user: "Administrator", medium: "hdd" },
  ...{ size: "5TB", used: "1TB" },
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE",
};

export const twoOfOne: TiredEdit[] = [
  [
    "a second host with the address of the first",
    "hosts > pve2",
    { ...copied, address: "192.168.1.127" },
    "estate/two-of-one",
    "pve2",
  ],
  [
    "a second host with the key of the first",
    "hosts > pve2",
    {
      ...copied,
      ssh: { hostKey },
    },
    "estate/two-of-one",
    "pve2",
  ],
  [
    "a second host with a disk of the first",
    "hosts > pve2",
    { ...copied, filesystems: { "/": { disk: "sda", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0004" } } },
    "estate/two-of-one",
    "pve2:/",
  ],
  [
    "the SSD's tree with the root's file system",
    "hosts > pve > filesystems > /srv/nfs-ssd > fsUuid",
    "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0001",
    "estate/two-of-one",
    "pve:/srv/nfs-ssd",
  ],
  [
    "the backup disk with the tree's file system",
    "hosts > pve > filesystems > /mnt/backup > fsUuid",
    "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0002",
    "estate/two-of-one",
    "pve:/mnt/backup",
  ],
  [
    "a NAS with the host's address",
    "destinations > synology > address",
    "192.168.1.127",
    "estate/two-of-one",
    "synology",
  ],
  [
    "a NAS with the host's key",
    "destinations > synology > hostKey",
    hostKey,
    "estate/two-of-one",
    "synology",
  ],
  [
    "a firewall with the host's key",
    "firewalls > pfsense > ssh > hostKey",
    hostKey,
    "estate/two-of-one",
    "pfsense",
  ],
  [
    "a second NAS with the address of the first",
    "destinations > nas2",
    { ...nasAgain, address: "192.168.1.13" },
    "estate/two-of-one",
    "nas2",
  ],
  [
    "a second cluster with the API of the first",
    "clusters > k8s2",
    { hosts: ["pve"], disk: "sdc", api: "https://192.168.1.200:6443/" },
    "estate/two-of-one",
    "k8s2",
  ],
  [
    "two services that claim one folder",
    "services > servarr > data > 0 > path",
    "/srv/nfs/navidrome",
    "estate/two-of-one",
    "navidrome",
  ],
  [
    "two services that claim one volume",
    "services > novelapp > data > 0",
    { kind: "volume", host: "pve", pool: "data", namespace: "forgejo", claim: "forgejo", size: "5GB" },
    "estate/two-of-one",
    "novelapp",
  ],
  [
    "two services with one firewall",
    "services > fritzbox",
    { data: [{ kind: "device", firewall: "pfsense", size: "1MB" }], promise: { rpo: { site: "34h" } } },
    "estate/two-of-one",
    "fritzbox",
  ],
  [
    "two dumps into one folder",
    `${dumpOf("mysql")} > target > path`,
    "/srv/nfs/postgresql-backup",
    "estate/two-of-one",
    "mysql-backup",
  ],
  [
    "a host with the firewall's address",
    "hosts > pve > address",
    "pfsense.viktorbarzin.me",
    "estate/two-of-one",
    "pfsense",
  ],
  [
    "a link that is there twice",
    "links > +",
    { from: "pve", to: "synology", bandwidth: "10MB" },
    "estate/two-of-one",
    "links[3]",
  ],
];

export const misspelt: TiredEdit[] = [
  ["a NAS at a misspelt site", "destinations > synology > site", "hme", "estate.destinations.synology.site"],
  ["a host at a misspelt site", "hosts > pve > site", "hom", "estate.hosts.pve.site"],
  ["a firewall at a site of its own", "firewalls > pfsense > site", "homr", "estate.firewalls.pfsense.site"],
  [
    "a misspelt namespace without snapshots",
    `${snapshot} > excludeNamespaces > 0 > name`,
    "dbas",
    "routes/namespace-names-nothing",
    "lvm-pvc-snapshot",
  ],
  [
    "a misspelt namespace that is kept longer",
    `${daily} > volumes > more`,
    [{ namespaces: ["vaultwardn"], keep: { count: 7, every: "day" } }],
    "routes/namespace-names-nothing",
    "daily-backup",
  ],
  [
    "a volume in a misspelt namespace",
    "services > nextcloud > data > 0 > namespace",
    "nextclod",
    "estate/said-once",
    "nextclod",
  ],
  [
    "a database in a misspelt namespace",
    "services > mysql > data > 0 > on > namespace",
    "dbbas",
    "estate/said-once",
    "dbbas",
  ],
  ["a dump in a misspelt namespace", `${dumpOf("vault")} > namespace`, "valut", "estate/said-once", "valut"],
  ["alerts in a misspelt namespace", "monitoring > namespace", "monitorng", "estate/said-once", "monitorng"],
  [
    "a misspelt entry to keep",
    `${mirror} > keep > 0 > name`,
    "pvc-dat",
    "routes/deleter-over-foreign-tree",
    "nfs-mirror",
  ],
  [
    "a misspelt folder that is left out",
    `${mirror} > excludes > 1 > name`,
    "frigat",
    "routes/exclude-names-nothing",
    "nfs-mirror",
  ],
  [
    "a misspelt receiver",
    `${offsite} > alert > receiver`,
    "infra-critcal",
    'estate.layers["offsite-sync"][0].alert.receiver',
  ],
  [
    "a misspelt dump that is made anew each night",
    `${mirror} > rewritten`,
    [{ name: "etcd-bakup", reason: "dumps are made anew each night" }],
    'estate.layers["nfs-mirror"][0].rewritten[0].name',
  ],
  [
    "a short need with two letters turned round",
    "services > nextcloud > needs > 0",
    "ectd",
    "estate.services.nextcloud.needs[0]",
  ],
  ["a misspelt field", `${offsite} > leg`, [], 'estate.layers["offsite-sync"][0].leg'],
];

export const readsNothing: TiredEdit[] = [
  [
    "a leg with its ends swapped",
    `${offsite} > legs > 1`,
    { from: "/Backup/Viki/nfs/immich", to: "/srv/nfs/immich" },
    "estate/reads-nothing",
    "offsite-sync-backup",
  ],
  [
    "a leg from the backup disk, a letter too few",
    `${offsite} > legs > 0 > from`,
    "/mnt/backp",
    "estate/reads-nothing",
    "offsite-sync-backup",
  ],
  [
    "a leg from a folder of the SSD's tree that is called otherwise",
    `${offsite} > legs > 2 > from`,
    "/srv/ssd",
    "estate/reads-nothing",
    "offsite-sync-backup",
  ],
  ["the host's service removed", "services > pve-host", undefined, "estate/reads-nothing", "daily-backup"],
];

export const againstTime: TiredEdit[] = [
  [
    "50 GB a day over a slow line, in four hours",
    "links",
    [
      { from: "pve", to: "pve", bandwidth: "150MB" },
      { from: "synology", to: "pve", bandwidth: "100MB", latency: "10min" },
      { from: "pve", to: "synology", bandwidth: "1MB" },
    ],
    "order/too-much-for-budget",
    "offsite-sync-backup",
  ],
  [
    "photos that are rewritten each day",
    "services > immich > data > 0 > churnPerDay",
    "1.5TB",
    "order/too-much-for-budget",
    "offsite-sync-backup",
  ],
  [
    "dumps that grow beyond their ten minutes",
    `${dumpOf("postgresql")} > size`,
    "100GB",
    "order/too-much-for-budget",
    "postgresql-backup",
  ],
  [
    "a line that is fast enough for each alone",
    "links > 1 > bandwidth",
    "25MB",
    "promises/restored-together",
  ],
];

export const takenAway: TiredEdit[] = [
  [
    "copies beside what they are copies of",
    `${daily} > target`,
    "/srv/nfs",
    'estate.layers["daily-backup"][0].target',
  ],
  [
    "copies in the SSD's tree",
    `${daily} > target`,
    "/srv/nfs-ssd",
    'estate.layers["daily-backup"][0].target',
  ],
  [
    "images in the SSD's tree",
    "layers > vm-images > 0 > target",
    "/srv/nfs-ssd",
    'estate.layers["vm-images"][0].target',
  ],

  [
    "a second cluster",
    "clusters > lab",
    { hosts: ["pve"], disk: "sdb", api: "https://192.168.1.201:6443" },
    "routes/namespaces-unknown",
    "lvm-pvc-snapshot",
  ],
  [
    "a cluster's API removed",
    "clusters > k8s > api",
    undefined,
    "routes/namespaces-unknown",
    "lvm-pvc-snapshot",
  ],
  [
    "a guard that thins out what the plan needs",
    `${snapshot} > guard`,
    { thinOut: { dataPercent: 15 } },
    "retention/gone-before-time",
    "lvm-pvc-snapshot",
  ],
  [
    "a guard that thins out for the metadata there is",
    `${snapshot} > guard`,
    { thinOut: { metadataPercent: 15 } },
    "retention/gone-before-time",
    "lvm-pvc-snapshot",
  ],
  [
    "a pool that is nearly as full as its guard allows",
    "hosts > pve > pools > data > used",
    "5.2TB",
    "retention/gone-before-time",
    "lvm-pvc-snapshot",
  ],
  [
    "a dump into somebody's live tree",
    `${dumpOf("etcd")} > target > path`,
    "/srv/nfs/servarr/etcd",
    "routes/dump-in-live-tree",
    "etcd-backup",
  ],
  [
    "a dump into a tree of another leg",
    `${dumpOf("etcd")} > target > path`,
    "/srv/nfs/immich/etcd",
    "routes/dump-in-live-tree",
    "etcd-backup",
  ],
];

export const nothingOrEverything: TiredEdit[] = [
  [
    "services that are all made anew, or so it looks",
    `${mirror} > rewritten`,
    [{ name: "*a*", reason: "dumps are made anew each night" }],
    'estate.layers["nfs-mirror"][0].rewritten[0].name',
  ],
  [
    "a firewall's backup that is never large enough",
    "firewalls > pfsense > atLeast",
    { config: "5GB" },
    "estate.firewalls.pfsense.atLeast.config",
  ],

  [
    "VMs of which no disk is missed",
    "layers > vm-images > 0 > withoutDisks",
    [{ name: "vm-*", reason: "left out of the images" }],
    'estate.layers["vm-images"][0].withoutDisks[0].name',
  ],
  [
    "VMs of which nothing is missed",
    "layers > vm-images > 0 > withoutDisks",
    [{ name: "*", reason: "left out of the images" }],
    'estate.layers["vm-images"][0].withoutDisks[0].name',
  ],
  [
    "an image of any size",
    "layers > vm-images > 0 > size",
    { leastPercent: 0 },
    'estate.layers["vm-images"][0].size.leastPercent',
  ],
  [
    "an image that may be a thousand times as large",
    "layers > vm-images > 0 > size",
    { mostPercent: 100_000 },
    'estate.layers["vm-images"][0].size.mostPercent',
  ],
  [
    "an image that may not grow",
    "layers > vm-images > 0 > size",
    { mostPercent: 100 },
    'estate.layers["vm-images"][0].size.mostPercent',
  ],
  ["a year that is far off", "years", [2031], "schedule/years-over", "homelab"],

  [
    "a mirror that holds nothing that was overwritten",
    `${mirror} > collapse`,
    { mostChangedPercent: 100 },
    'estate.layers["nfs-mirror"][0].collapse.mostChangedPercent',
  ],
  [
    "a mirror that holds nothing that was emptied",
    `${mirror} > collapse`,
    { leastPercent: 0 },
    'estate.layers["nfs-mirror"][0].collapse.leastPercent',
  ],
  [
    "volumes that are held each night",
    `${daily} > volumes > collapse`,
    { leastPercent: 100 },
    'estate.layers["daily-backup"][0].volumes.collapse.leastPercent',
  ],
  [
    "a pool that may fill up to its end",
    `${snapshot} > guard`,
    { decline: { dataPercent: 100 } },
    'estate.layers["lvm-pvc-snapshot"][0].guard.decline.dataPercent',
  ],
  [
    "a disk that is read once in ten years",
    `${daily} > scrub > period`,
    "3650d",
    'estate.layers["daily-backup"][0].scrub.period',
  ],
  [
    "a disk that is read each hour",
    `${daily} > scrub > period`,
    "1h",
    'estate.layers["daily-backup"][0].scrub.period',
  ],
  [
    "volumes that are compared once in ten years",
    `${daily} > volumes > contentPeriod`,
    "3650d",
    'estate.layers["daily-backup"][0].volumes.contentPeriod',
  ],
  [
    "one volume that may take the night of all",
    `${daily} > volumes > volumeBudget`,
    "10h",
    'estate.layers["daily-backup"][0].volumes.volumeBudget',
  ],
  [
    "one VM that may take the night of all",
    "layers > vm-images > 0 > vmBudget",
    "20h",
    'estate.layers["vm-images"][0].vmBudget',
  ],
  [
    "a UUID that was cut off",
    "hosts > pve > filesystems > /mnt/backup > fsUuid",
    "5d0f3c5e-6a2f-4b0e-9a52",
    'estate.hosts.pve.filesystems["/mnt/backup"].fsUuid',
  ],
  [
    "a configuration that is all of the host",
    "services > pve-host > data > 0 > paths",
    ["/etc/pve", "/"],
    'estate.services["pve-host"].data[0].paths[1]',
  ],
  [
    "a configuration with its own copies",
    "services > pve-host > data > 0 > paths > 0",
    "/mnt/backup/pve-config",
    'estate.services["pve-host"].data[0].paths[0]',
  ],
  [
    "a journal in a folder that it watches",
    `${tracker} > log`,
    "/srv/nfs/changes",
    'estate.layers["nfs-change-tracker"][0].log',
  ],
  [
    "snapshots of a folder in a share",
    `${nasSnapshot} > share`,
    "/Backup/Viki",
    'estate.layers["nas-snapshots"][0].share',
  ],
  ["snapshots of all shares", `${nasSnapshot} > share`, "/", 'estate.layers["nas-snapshots"][0].share'],
  ["a line that carries nothing", "links > 2 > bandwidth", "0B", "estate.links[2].bandwidth"],

  [
    "a mirror that may delete nothing",
    `${mirror} > maxDeletions`,
    { count: 0, percent: 0 },
    'estate.layers["nfs-mirror"][0].maxDeletions.count',
  ],
  [
    "a mirror that may delete anything",
    `${mirror} > maxDeletions`,
    { count: 1e9, percent: 10 },
    'estate.layers["nfs-mirror"][0].maxDeletions.count',
  ],
  [
    "a mirror that may delete all entries",
    `${mirror} > maxDeletions`,
    { count: 100, percent: 100 },
    'estate.layers["nfs-mirror"][0].maxDeletions.percent',
  ],
  [
    "a mirror that may delete all bytes",
    `${mirror} > maxDeletions`,
    { count: 100, percent: 10, bytesPercent: 100 },
    'estate.layers["nfs-mirror"][0].maxDeletions.bytesPercent',
  ],
  [
    "a mirror that leaves out everything",
    `${mirror} > excludes > 0 > name`,
    "*",
    'estate.layers["nfs-mirror"][0].excludes[0].name',
  ],
  [
    "a mirror that keeps everything",
    `${mirror} > keep > 0 > name`,
    "*",
    'estate.layers["nfs-mirror"][0].keep[0].name',
  ],
  [
    "a leg that leaves out everything",
    `${offsite} > legs > 0 > excludes`,
    [{ name: "*", reason: "not for now" }],
    'estate.layers["offsite-sync"][0].legs[0].excludes[0].name',
  ],
  [
    "the last dump alone, that nobody reads back",
    `${dumpOf("vault")}`,
    {
      ...{ name: "vault-backup", cluster: "k8s", namespace: "vault", dataset: "vault", verified: false },
      ...{ schedule: { cron: "5 1 * * *" }, target: { host: "pve", path: "/srv/nfs/vault-backup" } },
      ...{ keep: { latest: true }, usualRun: "3min", budget: "10min", timeout: "12min" },
      ...{ promise: { rpo: "27h" }, alert: { receiver: "infra-critical", severity: "critical" } },
    },
    "retention/deletes-before-verified",
    "vault-backup",
  ],
  [
    "a ring buffer that is accepted for the rest of the century",
    "services > frigate > data > 0 > unprotected > expires",
    "2099-12-31",
    "waivers/without-end",
    "frigate",
  ],
  [
    "a waiver for the rest of the century",
    "waivers > +",
    {
      ...{ code: "promises/rpo", subject: "immich", owner: "viktor", expires: "2099-12-31" },
      reason: "nobody misses it for now",
    },
    "waivers/without-end",
    "immich",
  ],
  ["years that are over", "years", [2021, 2022], "schedule/years-over", "homelab"],
  ["a year that is over", "years", [2025], "schedule/years-over", "homelab"],
  [
    "the first Sunday, or so it looks",
    `${dumpOf("redis")} > schedule > cron`,
    "20 1 1-7 * 0",
    "schedule/day-or",
    "redis-backup",
  ],
  [
    "a weekday on the 13th, or so it looks",
    `${dumpOf("etcd")} > schedule > cron`,
    "50 0 13 * 5",
    "schedule/day-or",
    "etcd-backup",
  ],
];

/** What is told first is the cause, and not what follows from it. */
export const causes: TiredEdit[] = [
  [
    "a dump in another zone",
    `${dumpOf("etcd")} > schedule > zone`,
    "UTC",
    "schedule/zone-apart",
    "etcd-backup",
  ],
  [
    "a mirror in another zone",
    `${mirror} > schedule > zone`,
    "America/New_York",
    "schedule/zone-apart",
    "nfs-mirror",
  ],
  [
    "a daily backup at an hour that the clocks skip",
    `${daily} > schedule > onCalendar`,
    "*-*-* 03:30:00",
    "schedule/runs-lost-to-dst",
    "daily-backup",
  ],
  [
    "a mirror at an hour that the clocks skip",
    `${mirror} > schedule > onCalendar`,
    "*-*-* 03:30:00",
    "schedule/runs-lost-to-dst",
    "nfs-mirror",
  ],
];
