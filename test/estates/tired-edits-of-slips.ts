import { dumpOf, mirror, offsite, snapshot } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const drill = "layers > restore-drill > 0";
const scratch = (path: string, what: string): TiredEdit => [
  what,
  `${drill} > scratch`,
  path,
  at('layers["restore-drill"][0].scratch'),
];
const host = (value: string, what: string): TiredEdit => [
  what,
  `${dumpOf("postgresql")} > dump > server > host`,
  value,
  at('layers["cluster-dump"][0].dump.server.host'),
];
const paths = (value: string[], index: number, what: string): TiredEdit => [
  what,
  "firewalls > pfsense > paths",
  value,
  at(`firewalls.pfsense.paths[${index}]`),
];

/** Where a drill restores to, and how much. */
export const drills: TiredEdit[] = [
  scratch("/srv/nfs-ssd/drills", "drills in a tree that goes off site"),
  scratch("/var/lib/holdfast/nfs-change-tracker", "drills in the tracker's journal"),
  scratch("/var/lib/holdfast", "drills among the jobs' own files"),
  scratch("/var/lib/holdfast/daily-backup", "drills in a job's own folder"),
  scratch("/mnt/bakcup/drills", "drills beside a disk with two letters turned round"),
  ["drills of kilobytes", `${drill} > most`, "10kB", at('layers["restore-drill"][0].most')],
  [
    "drills that leave more free than there is",
    `${drill} > leaveFree`,
    "10TB",
    at('layers["restore-drill"][0].leaveFree'),
  ],
];

/** Folders and servers that are missed by a letter, or another's. */
export const missed: TiredEdit[] = [
  [
    "a dump beside the tree with two letters turned round",
    `${dumpOf("redis")} > target > path`,
    "/srv/nsf/redis-backup",
    at('layers["cluster-dump"][4].target.path'),
  ],
  [
    "a service beside the tree with two letters turned round",
    "services > mailserver > data > 0 > path",
    "/srv/nsf/mailserver",
    at("services.mailserver.data[0].path"),
  ],
  host("mysql.dbaas.svc.cluster.local", "another engine's server"),
  host("postgresq.dbaas.svc.cluster.local", "a server with a letter too few"),
  host("postgresql.dbaas.svc.cluster.loca", "a cluster's domain with a letter too few"),
  [
    "another server's password for a dump",
    `${dumpOf("postgresql")} > dump > secret`,
    "mysql-backup",
    at('layers["cluster-dump"][0].dump.secret'),
  ],
  [
    "an earlier dump's password for a later one",
    `${dumpOf("redis")} > dump > secret`,
    "vault-backup",
    at('layers["cluster-dump"][4].dump.secret'),
  ],
  [
    "a server's dump of a folder",
    `${dumpOf("redis")} > dataset`,
    "immich",
    at('layers["cluster-dump"][4].dataset'),
  ],
  [
    "a server's dump of a volume of files",
    `${dumpOf("redis")} > dataset`,
    "nextcloud",
    at('layers["cluster-dump"][4].dataset'),
  ],
  [
    "a pattern that lost its end",
    `${snapshot} > pattern`,
    "vm-*",
    at('layers["lvm-pvc-snapshot"][0].pattern'),
  ],
  ["a pattern of everything", `${snapshot} > pattern`, "*", at('layers["lvm-pvc-snapshot"][0].pattern')],
  paths(["/"], 0, "all of a firewall"),
  paths(["/cf", "/proc"], 1, "what a firewall makes as it runs"),
  paths(["/cf", "/cf"], 1, "a firewall's path twice"),
  [
    "a firewall's backup of any size",
    "firewalls > pfsense > atLeast",
    { config: "0B" },
    at("firewalls.pfsense.atLeast.config"),
  ],
];

/** Numbers that no machine has. */
export const impossible: TiredEdit[] = [
  [
    "a file system of no UUID",
    "hosts > pve > filesystems > / > fsUuid",
    "00000000-0000-0000-0000-000000000000",
    at('hosts.pve.filesystems["/"].fsUuid'),
  ],
  [
    "a pool's metadata with a zero too many",
    "hosts > pve > pools > data > metadata > size",
    "160GB",
    at("hosts.pve.pools.data.metadata.size"),
  ],
  [
    "etcd for the cluster's API",
    "clusters > k8s > api",
    "https://192.168.1.200:2379",
    at("clusters.k8s.api"),
  ],
  [
    "a kubelet for the cluster's API",
    "clusters > k8s > api",
    "https://192.168.1.200:10250",
    at("clusters.k8s.api"),
  ],
  [
    "all compared every two years",
    `${mirror} > compareAll`,
    "700d",
    at('layers["nfs-mirror"][0].compareAll'),
  ],
  [
    "a leg into all that the key opens",
    `${offsite} > legs > 2 > to`,
    "/Backup/Viki",
    at('layers["offsite-sync"][0].legs[2].to'),
  ],
];

const apart = (what: string, where: string, value: unknown, subject: string): TiredEdit => [
  what,
  where,
  value,
  "estate/letter-apart",
  subject,
];
const network = (what: string, where: string, value: string, subject: string): TiredEdit =>
  apart(`an address without a digit: ${what}`, where, value, subject);

/** What nothing else says, and something else is called after. */
export const lettersApart: TiredEdit[] = [
  network("a host", "hosts > pve > address", "192.16.1.127", "192.16.1.127"),
  network("a NAS", "destinations > synology > address", "192.16.1.13", "192.16.1.13"),
  network("an API", "clusters > k8s > api", "https://192.18.1.200:6443", "192.18.1.200"),
  network("a Pushgateway", "monitoring > pushgateway", "http://192.186.1.200:30091", "192.186.1.200"),
  apart("a domain", "firewalls > pfsense > address", "pfsense.vikorbarzin.me", "viktorbarzin.me"),
  apart(
    "a point in the wrong place",
    "monitoring > runbooks",
    "https://runbook.sviktorbarzin.me",
    "sviktorbarzin.me",
  ),
  apart("a channel", "receivers > infra-critical > channel", "#infra-ritical", "#infra-ritical"),
  apart(
    "a Secret's key",
    "receivers > infra-critical > webhookSecret > key",
    "infra-ritical",
    "infra-ritical",
  ),
  apart("a Secret", "receivers > infra-critical > webhookSecret > name", "holdfas-slack", "holdfas-slack"),
  [
    "a dump's namespace, beside its drill",
    `${dumpOf("postgresql")} > namespace`,
    "dbas",
    "estate/said-once",
    "dbas",
  ],
];

/** The same where what is called so is copied all the same. */
export const foldersApart: TiredEdit[] = [
  apart(
    "a dump's folder",
    `${dumpOf("mysql")} > target > path`,
    "/srv/nfs/msql-backup",
    "/srv/nfs/msql-backup",
  ),
  apart("a dump's name", `${dumpOf("postgresql")} > name`, "postgresl-backup", "/srv/nfs/postgresql-backup"),
  apart(
    "a service's folder",
    "services > audiobookshelf > data > 0 > path",
    "/srv/nfs/auiobookshelf",
    "/srv/nfs/auiobookshelf",
  ),
];
