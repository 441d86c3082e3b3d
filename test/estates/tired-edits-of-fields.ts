import { daily, dumpOf, mirror, offsite, snapshot, tracker } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const branchKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
const at = (path: string): string => `estate.${path}`;

/** Machines that nobody comes to, or others than those that are meant. */
export const addresses: TiredEdit[] = [
  ["a host's port in its address", "hosts > pve > address", "192.168.1.127:22", at("hosts.pve.address")],
  ["a number too many", "hosts > pve > address", "192.168.1.1270", at("hosts.pve.address")],
  ["a number too few", "hosts > pve > address", "192.168.1", at("hosts.pve.address")],
  ["a dot too many", "hosts > pve > address", "192.168..127", at("hosts.pve.address")],
  ["a link-local address", "hosts > pve > address", "fe80::1", at("hosts.pve.address")],
  [
    "a NAS that is the host itself",
    "destinations > synology > address",
    "127.0.0.1",
    at("destinations.synology.address"),
  ],
  [
    "a NAS that is every machine",
    "destinations > synology > address",
    "0.0.0.0",
    at("destinations.synology.address"),
  ],
  [
    "a NAS's fingerprint for its key",
    "destinations > synology > hostKey",
    "SHA256:uNiVztksCsDhcc0u9e8BrXHGKdqvuOOpH1m6zcHlB8k",
    at("destinations.synology.hostKey"),
  ],
  [
    "a NAS's line of known_hosts for its key",
    "destinations > synology > hostKey",
    `192.168.1.13 ${branchKey}`,
    at("destinations.synology.hostKey"),
  ],
  [
    "a NAS's private key",
    "destinations > synology > hostKey",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    at("destinations.synology.hostKey"),
  ],
  [
    "a cluster's API with the path of its calls",
    "clusters > k8s > api",
    "https://192.168.1.200:6443/api",
    at("clusters.k8s.api"),
  ],
  [
    "a cluster's API as its own kubeconfig has it",
    "clusters > k8s > api",
    "https://127.0.0.1:6443",
    at("clusters.k8s.api"),
  ],
  ["a cluster's API at no address", "clusters > k8s > api", "https://0.0.0.0:6443", at("clusters.k8s.api")],
  [
    "a firewall's API with the path of its calls",
    "firewalls > pfsense > api > url",
    "https://pfsense.viktorbarzin.me/api/v1/",
    at("firewalls.pfsense.api.url"),
  ],
  [
    "a Pushgateway with its page",
    "monitoring > pushgateway",
    "http://192.168.1.127:30091/metrics",
    at("monitoring.pushgateway"),
  ],
  [
    "a Pushgateway with a job's page",
    "monitoring > pushgateway",
    "http://192.168.1.127:30091/metrics/job/backup",
    at("monitoring.pushgateway"),
  ],
  [
    "a Pushgateway with a query",
    "monitoring > pushgateway",
    "http://192.168.1.127:30091/?x=1",
    at("monitoring.pushgateway"),
  ],
  [
    "a Pushgateway with a password",
    "monitoring > pushgateway",
    "http://admin:secret@192.168.1.127:30091",
    at("monitoring.pushgateway"),
  ],
  [
    "a Pushgateway by the cluster's own name",
    "monitoring > pushgateway",
    "http://pushgateway.monitoring.svc:9091",
    at("monitoring.pushgateway"),
  ],
  [
    "a Pushgateway at no address",
    "monitoring > pushgateway",
    "http://0.0.0.0:9091",
    at("monitoring.pushgateway"),
  ],
  ["runbooks on a disk", "monitoring > runbooks", "file:///srv/runbooks", at("monitoring.runbooks")],
  ["runbooks nowhere", "monitoring > runbooks", "", at("monitoring.runbooks")],
  ["runbooks by a query", "monitoring > runbooks", "https://wiki.example/?page=", at("monitoring.runbooks")],
];

/** What has a form that is right, and a value that can't be. */
export const values: TiredEdit[] = [
  ["scrapes without a pause", "monitoring > scrapeInterval", "0s", at("monitoring.scrapeInterval")],
  ["scrapes each millisecond", "monitoring > scrapeInterval", "1ms", at("monitoring.scrapeInterval")],
  ["rules without a pause", "monitoring > evaluationInterval", "0s", at("monitoring.evaluationInterval")],
  ["rules each millisecond", "monitoring > evaluationInterval", "1ms", at("monitoring.evaluationInterval")],
  [
    "a label that Kubernetes refuses",
    "monitoring > labels",
    { "re lease": "x" },
    at('monitoring.labels["re lease"]'),
  ],
  [
    "a loss of a thousand days that is promised",
    "services > immich > promise > rpo > application",
    "1000d",
    at("services.immich.promise.rpo.application"),
  ],
  [
    "a service that may be away for a thousand days",
    "services > pve-host > promise > rto",
    "1000d",
    at('services["pve-host"].promise.rto'),
  ],
  [
    "a job that may go without a success for a thousand days",
    `${mirror} > promise > rpo`,
    "1000d",
    at('layers["nfs-mirror"][0].promise.rpo'),
  ],
  [
    "a dump that leaves out its database",
    `${dumpOf("vaultwarden")} > dump > excludes > +`,
    { name: "db.sqlite3", reason: "too large for now" },
    at('layers["cluster-dump"][5].dump.excludes[1].name'),
  ],
  ["a zone without summer time", "zone", "EST", at("zone")],
  ["a year that is there twice", "years", [2026, 2026], at("years")],
  ["a line of terabytes a second", "links > 2 > bandwidth", "100TB", at("links[2].bandwidth")],
  [
    "a VM's id with a digit too few",
    "services > k8s-master > data > 0 > id",
    20,
    at('services["k8s-master"].data[0].id'),
  ],
  [
    "one claim of 51 volumes",
    "services > other-apps > data > 0 > claim",
    "other",
    at('services["other-apps"].data[0].count'),
  ],
  [
    "a firewall's two ways in by one secret",
    "firewalls > pfsense > api > secret",
    "pfsense-ssh-key",
    at("firewalls.pfsense.ssh.secret"),
  ],
  [
    "a passphrase as a firewall's key",
    "firewalls > pfsense > ssh > secret",
    "luks-passphrase",
    at('layers["daily-backup"][0].volumes.luksSecrets[0]'),
  ],
  ...["/proc", "/sys", "/dev", "/tmp", "/var", "/var/lib/vz"].map((path): TiredEdit => [
    `a configuration with ${path}`,
    "services > pve-host > data > 0 > paths > +",
    path,
    at('services["pve-host"].data[0].paths[3]'),
  ]),
  [
    "a configuration's path twice",
    "services > pve-host > data > 0 > paths > +",
    "/etc/pve",
    at('services["pve-host"].data[0].paths[3]'),
  ],
  [
    "a configuration's path with others in it",
    "services > pve-host > data > 0 > paths > +",
    "/etc",
    at('services["pve-host"].data[0].paths[0]'),
  ],
  [
    "a journal that a boot empties",
    `${tracker} > log`,
    "/run/holdfast/changes",
    at('layers["nfs-change-tracker"][0].log'),
  ],
  [
    "a journal among temporary files",
    `${tracker} > log`,
    "/tmp/changes",
    at('layers["nfs-change-tracker"][0].log'),
  ],
  [
    "a folder that is watched twice",
    `${tracker} > watches > +`,
    "/srv/nfs",
    at('layers["nfs-change-tracker"][0].watches[2]'),
  ],
  [
    "a folder that is watched by another watch",
    `${tracker} > watches > +`,
    "/srv/nfs/immich",
    at('layers["nfs-change-tracker"][0].watches[2]'),
  ],
  [
    "a dump among temporary files",
    `${dumpOf("vault")} > target > path`,
    "/tmp/vault-backup",
    at('layers["cluster-dump"][3].target.path'),
  ],
  [
    "an entry that is kept twice",
    `${mirror} > keep > +`,
    { name: "pfsense", reason: "generations of another job" },
    at('layers["nfs-mirror"][0].keep[5].name'),
  ],
  [
    "a namespace that is left out twice",
    `${snapshot} > excludeNamespaces > +`,
    { name: "dbaas", reason: "dumped each night instead" },
    at('layers["lvm-pvc-snapshot"][0].excludeNamespaces[2].name'),
  ],
  [
    "a folder that a leg leaves out twice",
    `${offsite} > legs > 0 > excludes`,
    [
      { name: "immich", reason: "goes by a leg of its own" },
      { name: "immich", reason: "goes by a leg of its own" },
    ],
    at('layers["offsite-sync"][0].legs[0].excludes[1].name'),
  ],
  [
    "further generations of the period of all",
    `${daily} > volumes > more`,
    [{ namespaces: ["vaultwarden"], keep: { count: 8, every: "week" } }],
    at('layers["daily-backup"][0].volumes.more[0].keep.every'),
  ],
  [
    "further generations of one namespace, twice in a line",
    `${daily} > volumes > more`,
    [{ namespaces: ["vaultwarden", "vaultwarden"], keep: { count: 7, every: "day" } }],
    at('layers["daily-backup"][0].volumes.more[0].namespaces[1]'),
  ],
  [
    "further generations of one namespace, in two lines",
    `${daily} > volumes > more`,
    [
      { namespaces: ["vaultwarden"], keep: { count: 7, every: "day" } },
      { namespaces: ["vaultwarden"], keep: { count: 14, every: "day" } },
    ],
    at('layers["daily-backup"][0].volumes.more[1].namespaces[0]'),
  ],
  [
    "a ceiling of nine tenths of what is there",
    `${mirror} > maxDeletions`,
    { count: 50_000, percent: 90 },
    at('layers["nfs-mirror"][0].maxDeletions.percent'),
  ],
  [
    "a ceiling of nine tenths of the bytes",
    `${mirror} > maxDeletions`,
    { count: 100, percent: 10, bytesPercent: 90 },
    at('layers["nfs-mirror"][0].maxDeletions.bytesPercent'),
  ],
  [
    "a share for a percentage of what is left",
    `${mirror} > collapse`,
    { leastPercent: 0.2 },
    at('layers["nfs-mirror"][0].collapse.leastPercent'),
  ],
  [
    "a share for a percentage of what has changed",
    `${daily} > volumes > collapse`,
    { mostChangedPercent: 0.9 },
    at('layers["daily-backup"][0].volumes.collapse.mostChangedPercent'),
  ],
  [
    "a leg that sends the whole system",
    `${offsite} > legs > 0 > from`,
    "/",
    at('layers["offsite-sync"][0].legs[0].from'),
  ],
  [
    "a waiver of nobody",
    "waivers > +",
    {
      ...{ code: "promises/rpo", subject: "nextcloud", owner: " ", expires: "2027-01-01" },
      reason: "the disk is ordered",
    },
    at("waivers[0].owner"),
  ],
  [
    "a share of deletions for a percentage",
    `${mirror} > maxDeletions`,
    { count: 100, percent: 0.1 },
    at('layers["nfs-mirror"][0].maxDeletions.percent'),
  ],
  [
    "a share of bytes for a percentage",
    `${mirror} > maxDeletions`,
    { count: 100, percent: 10, bytesPercent: 0.25 },
    at('layers["nfs-mirror"][0].maxDeletions.bytesPercent'),
  ],
  [
    "a VM's own disk among those that are left out",
    "layers > vm-images > 0 > withoutDisks",
    [{ name: "vm-200-disk-*", reason: "not for the images" }],
    at('layers["vm-images"][0].withoutDisks[0].name'),
  ],
];

/** What was refused already, by a text that helps. */
export const words: readonly (readonly [...TiredEdit, says: RegExp])[] = [
  [
    "a disaster with an underscore",
    "services > nextcloud > promise > rpo > live_disk",
    "30h",
    at("services.nextcloud.promise.rpo.live_disk"),
    undefined,
    /Did you mean "live-disk"\?/,
  ],
  [
    "a medium in capitals",
    "hosts > pve > disks > sda > medium",
    "HDD",
    at("hosts.pve.disks.sda.medium"),
    undefined,
    /Did you mean "hdd"/,
  ],
  [
    "no volumes at all",
    "services > other-apps > data > 0 > count",
    0,
    at('services["other-apps"].data[0].count'),
    undefined,
    /expected a number above 0/,
  ],
  [
    "cron's words for systemd",
    `${mirror} > schedule > onCalendar`,
    "0 2 * * *",
    at('layers["nfs-mirror"][0].schedule.onCalendar'),
    undefined,
    /five fields of cron/,
  ],
  [
    "a reason of a word",
    `${mirror} > excludes > 0 > reason`,
    "large",
    at('layers["nfs-mirror"][0].excludes[0].reason'),
    undefined,
    /is too short: expected a reason of at least 8 characters/,
  ],
];
