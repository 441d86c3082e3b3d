import { daily, dumpOf, mirror, offsite } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;

/** One line that many services rest on. */
export const ofMany: TiredEdit[] = [
  [
    "ten days until a restore's first byte",
    "links > 1 > latency",
    "10d",
    "promises/link-too-slow",
    "synology > pve",
  ],
  [
    "a kilobyte for a megabyte on the way back",
    "links > 1 > bandwidth",
    "100kB",
    "promises/link-too-slow",
    "synology > pve",
  ],
  [
    "a megabyte for a hundred, of the host's own disks",
    "links > 0 > bandwidth",
    "1MB",
    "promises/link-too-slow",
    "pve > pve",
  ],
  ["rules once a day", "monitoring > evaluationInterval", "1d", "alerts/scraped-too-rarely", "rules"],
  ["hours for minutes of a run", `${mirror} > usualRun`, "20h", "order/budget-out-of-bounds", "nfs-mirror"],
  [
    "the first Sunday, for a dump of each night",
    `${dumpOf("etcd")} > schedule > cron`,
    "50 0 1-7 * 0",
    "schedule/day-or",
    "etcd-backup",
  ],
  ["the host at the NAS's site", "hosts > pve > site", "away", "routes/no-route-off-site", "away"],
];

type Edits = readonly (readonly [at: string, to: unknown])[];

/** A job of many services that is gone, or has another folder in its place: what is told of it by itself, in the order of the text. */
export const goneJobs: readonly (readonly [what: string, edits: Edits, answers: readonly string[]])[] = [
  [
    "the mirror removed",
    [
      ["layers > nfs-mirror", []],
      [`${daily} > schedule > after`, []],
    ],
    ["routes/disk-stays pve/sdc"],
  ],
  [
    "the nightly backup removed",
    [
      ["layers > daily-backup", []],
      [`${offsite} > schedule > after`, []],
    ],
    ["routes/disk-stays pve/sdc", "routes/no-copy pfsense", "routes/no-copy pve-host"],
  ],
  [
    "the SSD's tree in the place of the mirror's",
    [[`${mirror} > source`, "/srv/nfs-ssd"]],
    ["routes/disk-stays pve/sdc", "routes/leg-too-high offsite-sync-backup"],
  ],
  [
    "the offsite run removed",
    [["layers > offsite-sync", []]],
    ["routes/disk-stays pve/sdb", "routes/no-route-off-site homelab"],
  ],
];

const firewall = {
  ...{ kind: "pfsense", site: "home", address: "pfsense.viktorbarzin.me" },
  ssh: {
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC",
    secret: "pfsense-api-key",
  },
  api: { secret: "pfsense-ssh-key" },
};

/** Names, sizes and places that no machine has. */
export const nobodys: TiredEdit[] = [
  [
    "a volume group with two letters turned round",
    "hosts > pve > pools > data > vg",
    "pev",
    at("hosts.pve.pools.data.vg"),
  ],
  [
    "a configuration's path with two letters turned round",
    "services > pve-host > data > 0 > paths > 0",
    "/etc/pev",
    at('services["pve-host"].data[0].paths[0]'),
  ],
  [
    "a configuration's path with a letter too many",
    "services > pve-host > data > 0 > paths > 2",
    "/etc/systemmd/system",
    at('services["pve-host"].data[0].paths[2]'),
  ],
  [
    "terabytes for gigabytes of a disk",
    "hosts > pve > disks > sda > size",
    "1100TB",
    at("hosts.pve.disks.sda.size"),
  ],
  [
    "terabytes for gigabytes of a NAS",
    "destinations > synology > size",
    "5300TB",
    at("destinations.synology.size"),
  ],
  ["gigabytes for megabytes of a line", "links > 2 > bandwidth", "100GB", at("links[2].bandwidth")],
  [
    "the NAS's address for the cluster's API",
    "clusters > k8s > api",
    "https://192.168.1.13:6443",
    at("clusters.k8s.api"),
  ],
  [
    "the API's address and port for the Pushgateway",
    "monitoring > pushgateway",
    "http://192.168.1.200:6443",
    at("monitoring.pushgateway"),
  ],
  [
    "the NAS's page for the Pushgateway",
    "monitoring > pushgateway",
    "http://192.168.1.13:5000",
    at("monitoring.pushgateway"),
  ],
  ["the firewall's two keys swapped", "firewalls > pfsense", firewall, at("firewalls.pfsense.api.secret")],
];

export const keptAlone: TiredEdit[] = [
  [
    "the volumes' passphrase in one store alone",
    "secrets > luks-passphrase > keptIn",
    ["vault"],
    "security/secret-in-one-place",
    "luks-passphrase",
  ],
];
