import { daily, dumpOf, mirror, nasSnapshot, offsite, snapshot, tracker } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const images = "layers > vm-images > 0";
const at = (path: string): string => `estate.${path}`;

const server = { host: "postgresql.dbaas.svc.cluster.local", namespace: "dbaas" };
const dump = {
  ...{ engine: "postgresql", databases: "together", user: "backup", secret: "postgresql-backup", server },
  image: `docker.io/library/postgres@sha256:${"a".repeat(64)}`,
};
const postgresql = `${dumpOf("postgresql")} > dump`;
const dumped = 'layers["cluster-dump"][0].dump';

/** A folder above the one that is meant, and what has no other way. */
export const legs: TiredEdit[] = [
  ...(["/srv", "/mnt"] as const).flatMap(from =>
    [0, 1, 2]
      .filter(leg => from === "/mnt" || leg > 0)
      .map((leg): TiredEdit => [
        `leg ${leg} from ${from}`,
        `${offsite} > legs > ${leg} > from`,
        from,
        "routes/leg-too-high",
        "offsite-sync-backup",
      ]),
  ),
  [
    "what lies beside the mounts for the backup disk",
    `${offsite} > legs > 0 > from`,
    "/srv",
    "routes/backup-disk-stays",
    "pve",
  ],
  [
    "all of the tree for the photos",
    `${offsite} > legs > 1 > from`,
    "/srv/nfs",
    "routes/leg-too-high",
    "offsite-sync-backup",
  ],
  [
    "the tree for the backup disk",
    `${offsite} > legs > 0 > from`,
    "/srv/nfs",
    "routes/backup-disk-stays",
    "pve",
  ],
  ["the backup disk's leg removed", `${offsite} > legs > 0`, undefined, "routes/backup-disk-stays", "pve"],
  [
    "the volumes alone, with a slip",
    `${offsite} > legs > 0 > only`,
    [{ name: "pvc-dat", reason: "the volumes alone" }],
    "routes/only-leaves-out",
    "offsite-sync-backup",
  ],
  [
    "the volumes alone",
    `${offsite} > legs > 0 > only`,
    [{ name: "pvc-data", reason: "the volumes alone" }],
    "routes/only-leaves-out",
    "offsite-sync-backup",
  ],
  ["volumes that nobody copies", `${daily} > volumes`, undefined, "routes/volumes-stay", "pve"],
  [
    "two legs into one folder",
    `${offsite} > legs > 1 > to`,
    "/Backup/Viki/nfs-ssd",
    "routes/deleter-over-foreign-tree",
    "offsite-sync-backup",
  ],
];

const left = (what: string, where: string, calendar: string, job: string): TiredEdit => [
  what,
  `${where} > schedule > ${/:|^\w+$/.test(calendar) ? "onCalendar" : "cron"}`,
  calendar,
  "schedule/days-left-out",
  job,
];

/** Days without a run: what is told first is the calendar, and not each promise that it breaks. */
export const days: TiredEdit[] = [
  left("a daily backup on Mondays", daily, "Mon *-*-* 04:00:00", "daily-backup"),
  left("a daily backup on the first", daily, "*-*-01 04:00:00", "daily-backup"),
  left("a mirror on working days", mirror, "Mon..Fri *-*-* 02:00:00", "nfs-mirror"),
  left("a mirror in January", mirror, "*-01-* 02:00:00", "nfs-mirror"),
  left("an offsite run on Sundays", offsite, "Sun *-*-* 06:00:00", "offsite-sync-backup"),
  left("an offsite run on six days", offsite, "Mon..Sat *-*-* 06:00:00", "offsite-sync-backup"),
  left("snapshots on working days", snapshot, "Mon..Fri *-*-* 00,12:00:00", "lvm-pvc-snapshot"),
  left("the NAS's snapshots on working days", nasSnapshot, "Mon..Fri *-*-* 11:00:00", "nas-snapshots"),
  left("the cluster's state on Sundays", dumpOf("etcd"), "50 0 * * 0", "etcd-backup"),
  left("a database on working days", dumpOf("postgresql"), "10 0 * * 1-5", "postgresql-backup"),
  left("a mirror each week, in a word", mirror, "weekly", "nfs-mirror"),
  left("a daily backup each week, in a word", daily, "weekly", "daily-backup"),
  left("images once a month", images, "*-*-01 18:00:00", "vm-images"),
];

/** How much changes or grows, left out where something rests on it. */
export const unsaid: TiredEdit[] = [
  [
    "photos of which nobody says how much changes",
    "services > immich > data > 0 > churnPerDay",
    undefined,
    "capacity/change-unknown",
    "pve",
  ],
  [
    "photos of which nobody says how much they grow",
    "services > immich > data > 0 > growthPerDay",
    undefined,
    "capacity/change-unknown",
    "pve",
  ],
];

/** Values of the newer layers that can't be. */
export const ofLayers: TiredEdit[] = [
  [
    "a pattern of VMs' own disks",
    `${snapshot} > pattern`,
    "vm-*-disk-*",
    at('layers["lvm-pvc-snapshot"][0].pattern'),
  ],
  ["a dump by another engine's client", postgresql, { ...dump, engine: "mysql" }, at(`${dumped}.engine`)],
  [
    "a dump in another engine's image",
    postgresql,
    { ...dump, image: `docker.io/library/mariadb@sha256:${"b".repeat(64)}` },
    at(`${dumped}.image`),
  ],
  [
    "a dump's server in a namespace with a slip",
    postgresql,
    { ...dump, server: { ...server, namespace: "dbas" } },
    at(`${dumped}.server.namespace`),
  ],
  [
    "a dump's server that is its own pod",
    postgresql,
    { ...dump, server: { ...server, host: "localhost" } },
    at(`${dumped}.server.host`),
  ],
  [
    "a dump's server at another engine's port",
    postgresql,
    { ...dump, server: { ...server, port: 3306 } },
    at(`${dumped}.server.port`),
  ],
  [
    "a dump without the image that verifies it",
    "clusters > k8s > runnerImage",
    undefined,
    at("clusters.k8s.runnerImage"),
  ],
  [
    "a dump of any size",
    `${dumpOf("vault")} > band`,
    { leastPercent: 0, mostPercent: 1000 },
    at('layers["cluster-dump"][3].band.leastPercent'),
  ],
  [
    "a dump's share for a percentage",
    `${dumpOf("vault")} > band`,
    { leastPercent: 0.5, mostPercent: 1000 },
    at('layers["cluster-dump"][3].band.leastPercent'),
  ],
  [
    "a dump that may not shrink",
    `${dumpOf("vault")} > band`,
    { leastPercent: 100, mostPercent: 1000 },
    at('layers["cluster-dump"][3].band.leastPercent'),
  ],
  [
    "a dump that may not grow",
    `${dumpOf("vault")} > band`,
    { leastPercent: 50, mostPercent: 100 },
    at('layers["cluster-dump"][3].band.mostPercent'),
  ],
  [
    "a dump that may be a thousand times as large",
    `${dumpOf("vault")} > band`,
    { leastPercent: 50, mostPercent: 100_000 },
    at('layers["cluster-dump"][3].band.mostPercent'),
  ],
  [
    "a dump that is called as the mirror",
    `${dumpOf("vault")} > name`,
    "nfs-mirror",
    at('layers["cluster-dump"][3].name'),
  ],
  [
    "a NAS that opens all of itself",
    "destinations > synology > receives",
    { tree: "/", secret: "synology-look-key" },
    at("destinations.synology.receives.tree"),
  ],
  [
    "a NAS at the port of its pages",
    "destinations > synology > port",
    5001,
    at("destinations.synology.port"),
  ],
  ["a host at the port of its pages", "hosts > pve > ssh > port", 8006, at("hosts.pve.ssh.port")],
  [
    "an administrator who looks",
    `${nasSnapshot} > watch > user`,
    "Administrator",
    at('layers["nas-snapshots"][0].watch.user'),
  ],
  [
    "an administrator's password on the host",
    `${nasSnapshot} > watch > password`,
    "synology-admin-password",
    at('layers["nas-snapshots"][0].watch.password'),
  ],
  [
    "all bytes at both ends each hour",
    `${offsite} > scrub`,
    { period: "1h" },
    at('layers["offsite-sync"][0].scrub.period'),
  ],
  [
    "all bytes at both ends once in ten years",
    `${offsite} > scrub`,
    { period: "3650d" },
    at('layers["offsite-sync"][0].scrub.period'),
  ],
  [
    "a watch with a slip",
    `${tracker} > watches > 0`,
    "/srv/nsf",
    at('layers["nfs-change-tracker"][0].watches[0]'),
  ],
  [
    "all compared each second",
    `${tracker} > reconcile`,
    "1s",
    at('layers["nfs-change-tracker"][0].reconcile'),
  ],
  [
    "all compared once in ten years",
    `${tracker} > reconcile`,
    "3650d",
    at('layers["nfs-change-tracker"][0].reconcile'),
  ],
  ["the nodes on the backup disk", "clusters > k8s > disk", "sda", at("clusters.k8s.disk")],
  [
    "a backup disk that isn't said to be one",
    "hosts > pve > disks > sda > role",
    undefined,
    at("hosts.pve.disks.sda.role"),
  ],
  [
    "a backup disk for the system",
    "hosts > pve > disks > sda > role",
    "system",
    at("hosts.pve.disks.sda.role"),
  ],
  [
    "a cluster at its host's pages",
    "clusters > k8s > api",
    "https://192.168.1.200:8006",
    at("clusters.k8s.api"),
  ],
  [
    "Prometheus for the Pushgateway",
    "monitoring > pushgateway",
    "http://192.168.1.127:9090",
    at("monitoring.pushgateway"),
  ],
  [
    "an exporter for the Pushgateway",
    "monitoring > pushgateway",
    "http://192.168.1.127:9100",
    at("monitoring.pushgateway"),
  ],
  [
    "the sending key for looking",
    `${nasSnapshot} > watch > secret`,
    "synology-rsync-key",
    at('layers["nas-snapshots"][0].watch.secret'),
  ],
  [
    "snapshots of any age",
    `${daily} > volumes > maxSnapshotAge`,
    "100d",
    at('layers["daily-backup"][0].volumes.maxSnapshotAge'),
  ],
];

/** What takes no copy from anybody. */
export const warnedOfLayers: TiredEdit[] = [
  ["databases of which only files are kept", `${daily} > sqlite`, undefined, "routes/sqlite-torn", "pve"],
  ["a backup disk that nobody reads", `${daily} > scrub`, undefined, "retention/read-by-nobody", "pve"],
];
