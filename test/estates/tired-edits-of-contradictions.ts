import { exampleKey } from "../../plan/estate/example-keys";
import { dumpOf } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const key = exampleKey("Edited");
const pinned = (what: string, where: string, value: string): TiredEdit => [
  `${what} of a key`,
  where.replaceAll(".", " > "),
  value,
  at(where),
];
const exporter = (what: string, where: string, value: unknown, subject: string): TiredEdit => [
  what,
  `monitoring > exporters > ${where}`,
  value,
  "alerts/exporter-names-nothing",
  subject,
];
const dumped = (name: Parameters<typeof dumpOf>[0], of: string): TiredEdit => [
  `${name}'s dump with the dataset of ${of}`,
  `${dumpOf(name)} > dataset`,
  of,
  at(`layers["cluster-dump"][${dumpOf(name).replace(/.* /, "")}].dataset`),
];
const part = (what: string, where: string, value: string): TiredEdit => [
  what,
  `hosts > pve > ${where}`,
  value,
  at(`hosts.pve.${where.replaceAll(" > ", ".").replace(/\.(\/[^.]*)/, '["$1"]')}`),
];
const data = (service: string, field: string, value: string, what: string): TiredEdit => [
  what,
  `services > ${service} > data > 0 > ${field}`,
  value,
  at(`services${service.includes("-") ? `["${service}"]` : `.${service}`}.data[0].${field}`),
];

/** Two things of which one can't be as the other is. */
export const contradictions: TiredEdit[] = [
  pinned("the first half", "hosts.pve.ssh.hostKey", key.slice(0, 48)),
  pinned("all but the last letter", "destinations.synology.hostKey", key.slice(0, -1)),
  pinned("a letter more than all", "destinations.synology.hostKey", `${key}A`),
  pinned("twice all", "firewalls.pfsense.ssh.hostKey", `${key}${key.split(" ")[1]}`),
  pinned(
    "all, under another type's name,",
    "hosts.pve.ssh.hostKey",
    key.replace("ssh-ed25519", "ecdsa-sha2-nistp256"),
  ),
  data("nextcloud", "churnPerDay", "600GB", "gigabytes of changes a day for megabytes"),
  data("navidrome", "growthPerDay", "140GB", "a service that would be twice as large tomorrow"),
  data("immich", "size", "150TB", "photos with two digits too many"),
  data("forgejo", "size", "15TB", "a volume of terabytes in a pool of six"),
  data("k8s-master", "size", "20TB", "a VM of terabytes in a pool of six"),
  part("a pool that uses more than it has", "pools > data > used", "10TB"),
  part("metadata that uses more than it has", "pools > data > metadata > used", "30GB"),
  part("a root that uses more than its disk", "filesystems > / > used", "2TB"),
  part("a tree that uses more than it has", "filesystems > /srv/nfs > used", "5TB"),
  [
    "a NAS that uses more than it has",
    "destinations > synology > used",
    "10TB",
    at("destinations.synology.used"),
  ],
  ["a NAS of gigabytes", "destinations > synology > size", "5.3GB", at("destinations.synology.used")],
  [
    "a volume that changes by more than it has",
    "services > nextcloud > data > 0 > size",
    "60MB",
    at("services.nextcloud.data[0].churnPerDay"),
  ],
  dumped("postgresql", "vault"),
  dumped("redis", "postiz"),
  dumped("vault", "redis"),
  dumped("postgresql", "mysql"),
  [
    "the Proxmox host for a node",
    "monitoring > pushgateway",
    "http://192.168.1.127:30091",
    at("monitoring.pushgateway"),
  ],
  [
    "a host that forwards what goes elsewhere",
    "monitoring > pushgatewayServer > forwardedBy",
    "pve",
    at("monitoring.pushgatewayServer.forwardedBy"),
  ],
  ["the port of rsync's own daemon", "destinations > synology > port", 873, at("destinations.synology.port")],
  ["the port of NFS for SSH", "hosts > pve > ssh > port", 2049, at("hosts.pve.ssh.port")],
  ["the set that opens all on the NAS", "breakGlass > where", "synology", at("breakGlass.where")],
  ["the set that opens all in Vault", "breakGlass > where", "Vault", at("breakGlass.where")],
  ["the next years alone", "years", [2027, 2028], "schedule/years-over", "homelab"],
  ["the years around this one", "years", [2025, 2027], "schedule/years-over", "homelab"],
  exporter(
    "a CronJob's metric without its end",
    "2 > metrics > 1",
    "kube_cronjob_status_last_schedule_tim",
    "kube-state-metrics",
  ),
  exporter(
    "a CronJob's metric with two letters more",
    "2 > metrics > 0",
    "kube_cronjob_spec_suspended",
    "kube-state-metrics",
  ),
  exporter(
    "a pod's metric with a letter more",
    "2 > metrics > 3",
    "kube_pod_containers_status_waiting_reason",
    "kube-state-metrics",
  ),
  exporter("kube-state-metrics without its s", "2 > job", "kube-state-metric", "kube-state-metric"),
  exporter("an exporter with two letters turned round", "1 > job", "proxmox-hots", "proxmox-hots"),
  exporter("a clock's metric without its s", "1 > metrics > 0", "node_time_second", "proxmox-host"),
];

const renamed = (section: string, name: string, as: string): readonly [string, string, string] => [
  section,
  name,
  as,
];

/** What is declared with a slip, and what everybody else calls it: one fault, at the slip. */
export const declared = [
  renamed("hosts", "pve", "pvee"),
  renamed("clusters", "k8s", "k8"),
  renamed("destinations", "synology", "synolgy"),
  renamed("firewalls", "pfsense", "pfsens"),
  renamed("receivers", "infra-alerts", "infra-alert"),
  renamed("receivers", "infra-critical", "infra-critcal"),
  renamed("hosts > pve > pools", "data", "dat"),
  renamed("hosts > pve > disks", "sdc", "sdcc"),
] as const;

const loose = (what: string, service: string, domain: string, text: string): TiredEdit => [
  what,
  `services > ${service} > promise > rpo > ${domain}`,
  text,
  "promises/looser-than-larger",
  service,
];
const jobs = (what: string, where: string, text: string, subject: string): TiredEdit => [
  what,
  `${where} > promise > rpo`,
  text,
  "promises/job-far-looser",
  subject,
];

/** Numbers that are judged by nothing else. */
export const looser: TiredEdit[] = [
  loose("a digit too many for a broken disk", "nextcloud", "live-disk", "320h"),
  loose("days for hours of a broken disk", "immich", "live-disk", "31d"),
  loose("days for hours of a lost site's disk", "navidrome", "live-disk", "2d"),
  loose("a host that may lose more than its house", "pve-host", "host", "34d"),
  jobs("days for hours of a dump", dumpOf("etcd"), "27d", "etcd-backup"),
  jobs("days for hours of another one", dumpOf("vault"), "27d", "vault-backup"),
  jobs("weeks for days of images", "layers > vm-images > 0", "32w", "vm-images"),
  [
    "a secret that was left over",
    "secrets > old-nas-password",
    { keptIn: ["break-glass"] },
    "security/secret-unused",
    "old-nas-password",
  ],
  [
    "26 days for 26 hours of a bad change",
    "services > etcd > promise > rpo > application",
    "26d",
    "promises/slip-of-unit",
    "etcd",
  ],
  [
    "32 days for 32 hours after a fire",
    "services > vault > promise > rpo > site",
    "32d",
    "promises/slip-of-unit",
    "vault",
  ],
  [
    "a digit too many after a fire",
    "services > redis > promise > rpo > site",
    "320h",
    "promises/slip-of-unit",
    "redis",
  ],
  [
    "a digit too many where root is somebody else",
    "services > mysql > promise > rpo > host-root",
    "600h",
    "promises/slip-of-unit",
    "mysql",
  ],
  [
    "eight days for eight hours until it is back",
    "services > vaultwarden > promise > rto",
    "8d",
    "promises/slip-of-unit",
    "vaultwarden",
  ],
];
