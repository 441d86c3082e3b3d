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
    "a host's pages among the API's addresses",
    "clusters > k8s > reachedAs",
    ["https://192.168.1.127:8006"],
    at("clusters.k8s.reachedAs[0]"),
  ],
  envelope("on the NAS at /Backup"),
  envelope("on pve in /root/secrets"),
  [
    "a dump that leaves out everything, or so it looks",
    `${dumpOf("vaultwarden")} > dump > excludes > 0 > name`,
    "*",
    at('layers["cluster-dump"][5].dump.excludes[0].name'),
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

const port = (where: string, to: unknown, subject: string): TiredEdit => [
  `a port with two digits turned round at ${subject}`,
  where,
  to,
  "estate/letter-apart",
  subject,
];

/** What goes on all the same, and is another thing than was meant. */
export const warnedOfLimits: TiredEdit[] = [
  port("clusters > k8s > api", "https://192.168.1.200:6434", "clusters.k8s.api"),
  port(`${dumpOf("postgresql")} > dump > server > port`, 5342, 'layers["cluster-dump"][0].dump.server.port'),
  port(`${dumpOf("redis")} > dump > server > port`, 6739, 'layers["cluster-dump"][4].dump.server.port'),
  [
    "a dump in an image that is a letter from Docker's own",
    `${dumpOf("postgresql")} > dump > image`,
    "docker.io/library/postgers:16",
    "estate/letter-apart",
    "docker.io/library/postgers:16",
  ],
  [
    "runbooks by the cluster's own name",
    "monitoring > runbooks",
    "https://runbooks.monitoring.svc",
    "alerts/runbook-missing",
    "monitoring.runbooks",
  ],
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
