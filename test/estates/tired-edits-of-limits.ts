import { daily, dumpOf, mirror, nasSnapshot, offsite } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const slack = (channel: string) => ({
  ...{ kind: "slack", channel, webhookSecret: { name: "holdfast-slack", key: "own" } },
});
const mail = (from: string, smarthost: string) => ({
  ...{ kind: "email", to: "viktor@viktorbarzin.me", from, smarthost },
});
const left = (name: string, reason: string) => ({ name, reason });
const unreadable = (path: string, until: string) => [{ path, reason: "unreadable since the crash", until }];
const critical = "receivers > infra-critical";
const port = (name: Parameters<typeof dumpOf>[0], value: number): TiredEdit => [
  `${name}'s port with two digits turned round`,
  `${dumpOf(name)} > dump > server > port`,
  value,
  at(`layers["cluster-dump"][${dumpOf(name).replace(/.* /, "")}].dump.server.port`),
];
const envelope = (value: string): TiredEdit => [
  `the set that opens all ${value}`,
  "breakGlass > where",
  value,
  at("breakGlass.where"),
];
const channel = (value: string): TiredEdit => [
  `${value} for #on-call`,
  "receivers > on-call",
  slack(value),
  "estate/letter-apart",
  value,
];

/** Short words of longer names, ports and places that lead elsewhere, limits of nothing. */
export const shortSlips: TiredEdit[] = [
  channel("#on-cal"),
  channel("#on-cll"),
  channel("#no-call"),
  [
    "mail from a domain with a letter less",
    critical,
    mail("holdfast@vikorbarzin.me", "smtp.viktorbarzin.me:587"),
    "estate/letter-apart",
    "vikorbarzin.me",
  ],
  [
    "Grafana at a domain with a letter less",
    "monitoring > dashboards",
    { grafana: "https://grafana.vikorbarzin.me" },
    "estate/letter-apart",
    "vikorbarzin.me",
  ],
  [
    "a channel's webhook for what is called while all is well",
    "monitoring > deadMan > urlSecret",
    { name: "holdfast-slack", key: "infra-alerts" },
    "estate/two-of-one",
    "monitoring.deadMan",
  ],
  [
    "a channel's webhook for PagerDuty's key",
    critical,
    { kind: "pagerduty", routingKeySecret: { name: "holdfast-slack", key: "infra-alerts" } },
    "estate/two-of-one",
    "infra-critical",
  ],
  [
    "the port at which mail is read",
    critical,
    mail("holdfast@viktorbarzin.me", "smtp.viktorbarzin.me:993"),
    at('receivers["infra-critical"].smarthost'),
  ],
  [
    "the API's port with two digits turned round",
    "clusters > k8s > api",
    "https://192.168.1.200:6434",
    at("clusters.k8s.api"),
  ],
  [
    "a host's pages among the API's addresses",
    "clusters > k8s > reachedAs",
    ["https://192.168.1.127:8006"],
    at("clusters.k8s.reachedAs[0]"),
  ],
  port("postgresql", 5342),
  port("redis", 6739),
  port("mysql", 3360),
  envelope("on the NAS at /Backup"),
  envelope("on pve in /root/secrets"),
  [
    "runbooks by the cluster's own name",
    "monitoring > runbooks",
    "https://runbooks.monitoring.svc",
    at("monitoring.runbooks"),
  ],
  [
    "dashboards without a label",
    "monitoring > dashboards",
    { labels: {} },
    at("monitoring.dashboards.labels"),
  ],
  [
    "a dump that leaves out everything, or so it looks",
    `${dumpOf("vaultwarden")} > dump > excludes > 0 > name`,
    "*",
    at('layers["cluster-dump"][5].dump.excludes[0].name'),
  ],
  [
    "a mirror that may delete one entry a night",
    `${mirror} > maxDeletions`,
    { count: 1, percent: 0 },
    at('layers["nfs-mirror"][0].maxDeletions.count'),
  ],
];

const leg = (index: number, value: string): TiredEdit => [
  `a leg into ${value}`,
  `${offsite} > legs > ${index} > to`,
  value,
  "estate/letter-apart",
  value,
];
const usual = (where: string, text: string, subject: string): TiredEdit => [
  `${text} for a usual run of ${subject}`,
  `${where} > usualRun`,
  text,
  "order/too-much-for-budget",
  subject,
];
const without = (name: string): TiredEdit => [
  `passwords' dumps without ${name}`,
  `${dumpOf("vaultwarden")} > dump > excludes > +`,
  left(name, "large and seldom asked for"),
  "routes/exclude-hides-data",
  "vaultwarden-backup",
];

/** What goes on all the same, and is another thing than was meant. */
export const warnedOfLimits: TiredEdit[] = [
  leg(1, "/Backup/Viki/nfs/imich"),
  leg(0, "/Backup/Viki/pve-backp"),
  leg(0, "/Backup/Viki/vpe-backup"),
  leg(2, "/Backup/Viki/nfs-sdd"),
  leg(1, "/Backup/Viki/nsf/immich"),
  usual(offsite, "30s", "offsite-sync-backup"),
  usual("layers > vm-images > 0", "30s", "vm-images"),
  usual(daily, "1s", "daily-backup"),
  usual(dumpOf("postgresql"), "1s", "postgresql-backup"),
  ...["attachments", "sends", "rsa_key.pem", "config.json"].map(without),
  [
    "dumps that are gone before the next drill",
    `${dumpOf("postgresql")} > keep > age`,
    "3d",
    "retention/gone-before-noticed",
    "postgresql-backup",
  ],
  [
    "a service that needn't be readable",
    `${mirror} > accepted`,
    unreadable("servarr", "2027-01-01"),
    "promises/left-out-yet-promised",
    "servarr",
  ],
  [
    "a volume that needn't be readable",
    `${daily} > volumes > accepted`,
    unreadable("nextcloud/nextcloud", "2027-01-01"),
    "promises/left-out-yet-promised",
    "nextcloud",
  ],
  [
    "a file that needn't be readable for the rest of the century",
    `${mirror} > accepted`,
    unreadable("servarr/old.mkv", "2099-01-01"),
    "waivers/without-end",
    "nfs-mirror",
  ],
  [
    "rot that is accepted for the rest of the century",
    `${daily} > scrub > accepted`,
    unreadable("pvc-data/old", "2099-01-01"),
    "waivers/without-end",
    "backup-scrub",
  ],
];

/** Of a NAS's retention, that is said which was written. */
export const saidAsWritten: TiredEdit = [
  "a NAS that is to keep one a day",
  `${nasSnapshot} > keep`,
  { count: 1, every: "day" },
  at('layers["nas-snapshots"][0].keep'),
];
