import { dumpOf, mirror, offsite, snapshot } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const holds = (value: string): TiredEdit => [
  `a SQLite dump of a volume of ${value}`,
  "services > vaultwarden > data > 0 > holds",
  value,
  "routes/sqlite-unsaid",
  "vaultwarden",
];
const image = (of: Parameters<typeof dumpOf>[0], value: string, what: string): TiredEdit => [
  what,
  `${dumpOf(of)} > dump > image`,
  value,
  at(`layers["cluster-dump"][${dumpOf(of).replace(/.* /, "")}].dump.image`),
];
const claim = (service: string, value: string, what: string): TiredEdit => [
  what,
  `services > ${service} > data > 0 > claim`,
  value,
  "estate/said-once",
  value,
];
const account = (what: string, where: string, value: string): TiredEdit => [
  what,
  where,
  value,
  at(
    where
      .replaceAll(" > ", ".")
      .replaceAll(/\.([a-z]+-[a-z]+)/g, '["$1"]')
      .replaceAll(/\.(\d+)/g, "[$1]"),
  ),
];
const calendar = (what: string, where: string, value: string, path: string): TiredEdit => [
  what,
  `${where} > schedule > ${path.slice(path.lastIndexOf(".") + 1)}`,
  value,
  at(path),
];
/** What is right of its neighbour, or was until a letter, an engine or an hour was touched. */
export const neighbours: TiredEdit[] = [
  image("mysql", "docker.io/library/postgres:16", "PostgreSQL's image for MySQL"),
  image("vault", "docker.io/hashicorp/consul:1.14", "Consul's image for Vault"),
  image("redis", "docker.io/hashicorp/vault:1.14.1", "Vault's image for Redis"),
  image("postgresql", "docker.io/library/redis:7.4", "Redis' image for PostgreSQL"),
  image("postgresql", "docker.io/library/node:24-bookworm-slim", "the runner's image for PostgreSQL"),
  image("vaultwarden", "docker.io/library/postgres:16", "PostgreSQL's image for SQLite"),
  [
    "Alertmanager's image for Prometheus' dump",
    "layers > cluster-dump > 9 > dump > image",
    "docker.io/prom/alertmanager:v0.28.1",
    at('layers["cluster-dump"][9].dump.image'),
  ],
  [
    "a database's image for the runner",
    "clusters > k8s > runnerImage",
    "docker.io/library/postgres:16",
    at("clusters.k8s.runnerImage"),
  ],
  [
    "a database that is another engine than both of its dumps",
    "services > mysql > data > 0 > engine",
    "mariadb",
    at("services.mysql.data[0].engine"),
  ],
  [
    "a dump's claim with two letters turned round",
    "layers > cluster-dump > 9 > dump > claim",
    "prometheus-srever",
    at('layers["cluster-dump"][9].dump.claim'),
  ],
  claim("nextcloud", "nextclod-data", "a claim with a letter too few"),
  claim("nextcloud", "netxcloud", "a claim with two letters turned round"),
  claim("calibre-web", "calibre-wbe-data", "a claim of two words with two letters turned round"),
  claim("forgejo", "data-forgjo-0", "a claim of a StatefulSet with a letter too few"),
  [
    "one receiver's webhook for another's channel",
    "receivers > infra-critical > webhookSecret > key",
    "infra-alerts",
    "estate/two-of-one",
    "infra-critical",
  ],
  account("an administrator with a letter too few", "destinations > synology > user", "Adminstrator"),
  account("a firewall's account with a letter too many", "firewalls > pfsense > ssh > user", "roott"),
  account("a host's account with two letters turned round", "hosts > pve > ssh > user", "roto"),
  [
    "Redis' own account with two letters turned round",
    `${dumpOf("redis")} > dump > user`,
    "defualt",
    at('layers["cluster-dump"][4].dump.user'),
  ],
  [
    "the folder that the NAS opens in small letters",
    "destinations > synology > receives > tree",
    "/Backup/viki",
    at("destinations.synology.receives.tree"),
  ],
  [
    "gigabytes for terabytes of a pool",
    "hosts > pve > pools > data > size",
    "6GB",
    at("hosts.pve.pools.data.size"),
  ],
  [
    "gigabytes for terabytes of a tree",
    "hosts > pve > filesystems > /srv/nfs > size",
    "4GB",
    at('hosts.pve.filesystems["/srv/nfs"].size'),
  ],
  [
    "terabytes for gigabytes of a database",
    "services > postgresql > data > 0 > size",
    "8TB",
    at("services.postgresql.data[0].size"),
  ],
  [
    "a waiver that is there twice",
    "waivers",
    ["2027-01-01", "2027-03-01"].map(expires => ({
      ...{ code: "promises/rpo", subject: "nextcloud", owner: "viktor" },
      ...{ reason: "the disk is ordered", expires },
    })),
    at("waivers[1].subject"),
  ],
  calendar("each minute of an hour", dumpOf("etcd"), "* 0 * * *", 'layers["cluster-dump"][2].schedule.cron'),
  calendar(
    "each minute of a timer's hour",
    mirror,
    "*-*-* 02:*:00",
    'layers["nfs-mirror"][0].schedule.onCalendar',
  ),
  calendar("each second of a minute", mirror, "*-*-* 02:00:*", 'layers["nfs-mirror"][0].schedule.onCalendar'),
  [
    "one of a day's two snapshots",
    `${snapshot} > schedule > onCalendar`,
    "*-*-* 12:00:00",
    "schedule/stale-above-promise",
    "lvm-pvc-snapshot",
  ],
  [
    "two of a day's four dumps",
    `${dumpOf("vaultwarden")} > schedule > cron`,
    "35 1,13 * * *",
    "schedule/stale-above-promise",
    "vaultwarden-backup",
  ],
  [
    "all volumes left out of what goes off the site",
    `${offsite} > legs > 0 > excludes`,
    [{ name: "pvc-data", reason: "too large for the line" }],
    "routes/exclude-hides-data",
    "offsite-sync-backup",
  ],
];

/** What takes no copy. */
export const warnedOfNeighbours: TiredEdit[] = [
  [
    "kube-state-metrics removed",
    "monitoring > exporters > 2",
    undefined,
    "alerts/series-left-out",
    "kube-state-metrics",
  ],
  [
    "a database's dumps left out of what goes off the site",
    `${offsite} > legs > 0 > excludes`,
    [{ name: "vault-backup", reason: "too large for the line" }],
    "routes/exclude-hides-data",
    "vault",
  ],
  [
    "days for hours of a drill",
    "layers > restore-drill > 0 > promise > rpo",
    "27d",
    "promises/job-far-looser",
    "restore-drill",
  ],
  [
    "a receiver that no alert goes to",
    "receivers > night",
    {
      ...{ kind: "slack", channel: "#night" },
      webhookSecret: { name: "holdfast-slack", key: "night" },
    },
    "estate/used-by-nothing",
    "night",
  ],
];

/** What is told of copies that are there all the same. */
export const heldOtherwise: TiredEdit[] = [holds("files"), holds("database")];
