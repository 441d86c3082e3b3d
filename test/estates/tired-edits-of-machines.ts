import { estate } from "../../stacks/homelab/estate";
import { dumpOf, nasSnapshot, offsite } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const postgresql = `${dumpOf("postgresql")} > dump`;
const dumped = 'layers["cluster-dump"][0].dump';
const usedBy = `${dumpOf("vaultwarden")} > dump > usedBy`;
const labels = at('layers["cluster-dump"][5].dump.usedBy');
const backupDisk = "hosts > pve > filesystems > /mnt/backup > fsUuid";
const onNas = estate.layers["nas-snapshots"]?.[0];
const kubeState = "monitoring > exporters > 2 > metrics";

const envelope = (where: string): TiredEdit => [
  `the break-glass set ${where}`,
  "breakGlass > where",
  where,
  at("breakGlass.where"),
];
const runner = (tag: string): TiredEdit => [
  `a runner's image of ${tag}`,
  "clusters > k8s > runnerImage",
  `docker.io/library/node:${tag}`,
  at("clusters.k8s.runnerImage"),
];
const server = (host: string, field: string): TiredEdit => [
  `a dump of the server ${host}`,
  `${postgresql} > server > host`,
  host,
  at(`${dumped}.server.${field}`),
];

/** What machines, images and people are called by, or told to be, and what none of them is. */
export const machines: TiredEdit[] = [
  ...["in Vaultwarden", "on the synology", "at pve", "in our vault", "inside the k8s"].map(envelope),
  ...["in Vaultwarden.", '"vaultwarden"', "inside of the k8s", "on pve:/root/set.tar.age"].map(envelope),
  ...["24-alpine", "24-alpine3.20", "16-bookworm-slim", "current-ALPINE"].map(runner),
  [
    "Alpine itself as the runner's image",
    "clusters > k8s > runnerImage",
    "docker.io/library/alpine:3.20",
    at("clusters.k8s.runnerImage"),
  ],
  ...["3b2c-18a4", "01d3a4b5c6d7e8f9"].map((uuid): TiredEdit => [
    `the UUID ${uuid} of FAT or NTFS in small letters`,
    backupDisk,
    uuid,
    at('hosts.pve.filesystems["/mnt/backup"].fsUuid'),
  ]),
  ...(["secret", "password", "user"] as const).map((field): TiredEdit => [
    `the two accounts at the NAS with each other's ${field}`,
    nasSnapshot,
    {
      ...onNas,
      watch: { ...onNas?.watch, [field]: onNas?.apply?.[field] },
      apply: { ...onNas?.apply, [field]: onNas?.watch?.[field] },
    },
    at(`layers["nas-snapshots"][0].watch.${field === "password" ? field : "secret"}`),
  ]),
  ["a cluster on one host, twice", "clusters > k8s > hosts", ["pve", "pve"], at("clusters.k8s.hosts")],
  [
    "a dump's account with two letters turned round",
    `${postgresql} > user`,
    "bakcup",
    "estate/said-once",
    "bakcup",
  ],
  [
    "a backup disk's UUID in capitals",
    backupDisk,
    "5D0F3C5E-6A2F-4B0E-9A52-0F3B6C1E0004",
    at('hosts.pve.filesystems["/mnt/backup"].fsUuid'),
  ],
  [
    "the SSD's UUID in capitals",
    "hosts > pve > filesystems > /srv/nfs-ssd > fsUuid",
    "5D0F3C5E-6A2F-4B0E-9A52-0F3B6C1E0003",
    at('hosts.pve.filesystems["/srv/nfs-ssd"].fsUuid'),
  ],
  [
    "a UUID with a digit less",
    backupDisk,
    "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e000",
    at('hosts.pve.filesystems["/mnt/backup"].fsUuid'),
  ],
  ["the nodes on another disk than a node", "clusters > k8s > disk", "sdb", at("clusters.k8s.disk")],
  ["a cluster on no host", "clusters > k8s > hosts", [], at("clusters.k8s.hosts")],
  ["a pod's label with a letter less", usedBy, { app: "vaultwardn" }, `${labels}.app`],
  [
    "a pod's name with two letters turned round",
    usedBy,
    { "app.kubernetes.io/name": "vautlwarden" },
    `${labels}["app.kubernetes.io/name"]`,
  ],
  ["a host by its page", "hosts > pve > address", "https://192.168.1.127", at("hosts.pve.address")],
  ["an account with its host", "hosts > pve > ssh > user", "root@pve", at("hosts.pve.ssh.user")],
  [
    "a backup disk that is a tape",
    "hosts > pve > disks > sda > medium",
    "tape",
    at("hosts.pve.disks.sda.medium"),
  ],
  ["a dump as nobody", `${postgresql} > user`, "", at(`${dumped}.user`)],
  server("mysql.dbaas.svc.cluster.local", "host"),
  server("postgresql.dbas.svc.cluster.local", "namespace"),
  server("postgresql.dbaas.svc.cluster.lokal", "host"),
  ["an envelope that is looked at in ten years", "breakGlass > every", "3650d", at("breakGlass.every")],
  [
    "a NAS with two letters turned round",
    `${offsite} > destination`,
    "synolgoy",
    at('layers["offsite-sync"][0].destination'),
  ],
  [
    "hours of a NAS's snapshots",
    `${nasSnapshot} > keep`,
    { age: "7h" },
    at('layers["nas-snapshots"][0].keep'),
  ],
  [
    "retention by who looks",
    `${nasSnapshot} > apply > user`,
    "holdfast",
    at('layers["nas-snapshots"][0].apply.user'),
  ],
  [
    "a NAS that opens one leg's folder alone",
    "destinations > synology > receives > tree",
    "/Backup/Viki/pve-backup",
    at('layers["offsite-sync"][0].legs[0].to'),
  ],
  [
    "drills on the backup disk",
    "layers > restore-drill > 0 > scratch",
    "/mnt/backup/drills",
    at('layers["restore-drill"][0].scratch'),
  ],
  [
    "drills among temporary files",
    "layers > restore-drill > 0 > scratch",
    "/tmp/drills",
    at('layers["restore-drill"][0].scratch'),
  ],
  ["a line in bits", "links > 2 > bandwidth", "100Mbit", at("links[2].bandwidth")],
  [
    "Alertmanager's image for the Pushgateway's",
    "monitoring > pushgatewayServer > image",
    "docker.io/prom/alertmanager:v0.27.0",
    at("monitoring.pushgatewayServer.image"),
  ],
  [
    "a storage class of no name",
    "monitoring > pushgatewayServer > storageClass",
    "",
    at("monitoring.pushgatewayServer.storageClass"),
  ],
];

const series = (what: string, index: number, to?: string): TiredEdit => [
  `${what} of kube-state-metrics`,
  `${kubeState} > ${index}`,
  to,
  "alerts/series-left-out",
  "kube-state-metrics",
];

/** What takes no copy, and leaves something out of what is copied or heard of. */
export const warnedOfMachines: TiredEdit[] = [
  ...["schedules", "suspended CronJobs", "starts", "successes", "waiting containers"].map((what, index) =>
    series(`no ${what}`, index),
  ),
  series("starts by half of their name", 2, "kube_cronjob_last_schedule"),
  series("successes by a name of theirs", 3, "cronjob_last_success_seconds"),
  ...["nextcloud", "forgejo", "other-apps"].map((service): TiredEdit => [
    `a database server's files in ${service}`,
    `services > ${service} > data > 0 > holds`,
    "database",
    "routes/database-as-files",
    service,
  ]),
  [
    "a host's configuration without its guests'",
    "services > pve-host > data > 0 > paths",
    ["/usr/local/bin", "/etc/systemd/system"],
    "routes/guests-left-out",
    "pve",
  ],
];
