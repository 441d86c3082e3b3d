import type { EstateInput } from "holdfast";

type Host = EstateInput["hosts"][string];

/** A Proxmox host with a thin pool and a backup disk. EDIT: disks by `lsblk`, pool by `lvs -a`. */
const node = (address: string, hostKey: string, backupDiskUuid: string): Host => ({
  site: "home", address, ssh: { hostKey },
  disks: { sda: { medium: "hdd", size: "4TB", role: "backup" }, sdb: { medium: "ssd", size: "1TB" } },
  filesystems: { "/mnt/backup": { disk: "sda", fsUuid: backupDiskUuid } },
  pools: { data: { vg: "pve", disk: "sdb", size: "800GB", used: "150GB", metadata: { size: "8GB", used: "1GB" } } },
});

/** A virtual machine, and what it is owed: at most so much is lost in a disaster (rpo), and it is back within (rto). */
const machine = (host: string, id: number, size: string): NonNullable<EstateInput["services"]>[string] => ({
  data: [{ kind: "vm", id, host, pool: "data", size, churnPerDay: "1GB", growthPerDay: "50MB" }],
  promise: { rpo: { "live-disk": "28h", host: "34h", site: "34h", "host-root": "60h" }, rto: "8h" },
});
const configuration = (host: string): NonNullable<EstateInput["services"]>[string] => ({
  data: [{ kind: "configuration", host, paths: ["/etc/pve", "/etc/network"], size: "10MB" }],
  promise: { rpo: { host: "34h", "host-root": "60h" }, rto: "8h" },
});

/** A night of one host: images of its machines, its configuration, and all of it to the NAS. */
const alert = { receiver: "me" };
const images = (host: string) => ({ host, schedule: { onCalendar: "*-*-* 01:00:00" }, target: "/mnt/backup", keep: { count: 7, every: "day" as const }, usualRun: "30min", budget: "2h", promise: { rpo: "28h" }, alert });
const daily = (host: string) => ({ host, schedule: { onCalendar: "*-*-* 04:00:00" }, target: "/mnt/backup", configuration: { keep: { count: 4, every: "week" as const } }, scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } }, usualRun: "5min", budget: "30min", promise: { rpo: "28h" }, alert });
const offsite = (host: string, at: string) => ({ host, destination: "nas", schedule: { onCalendar: `*-*-* ${at}:00` }, legs: [{ from: "/mnt/backup", to: `/Backup/${host}` }], usualRun: "1h", budget: "2h", promise: { rpo: "30h" }, alert });

/** Two Proxmox hosts, and a NAS elsewhere. EDIT what is marked so; `holdfast check` says what doesn't fit. */
export const estate: EstateInput = {
  name: "two-nodes", zone: "Europe/Berlin", years: [2026, 2027], // EDIT
  hosts: {
    // EDIT: address; what `ssh-keyscan -t ed25519 ADDRESS` prints; what `findmnt -no UUID /mnt/backup` prints there
    pve1: node("192.168.1.11", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "00000000-0000-4000-8000-000000000001"),
    pve2: node("192.168.1.12", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC", "00000000-0000-4000-8000-000000000002"),
  },
  destinations: {
    nas: {
      kind: "synology", site: "parents", address: "nas.example.org", user: "backup", // EDIT; with site "home", `holdfast check` says what a fire takes
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
      medium: "hdd", size: "8TB", used: "1TB", receives: { tree: "/Backup", secret: "nas-key" },
    },
  },
  links: ["pve1", "pve2"].flatMap(to => [to, "nas"].map(from => ({ from, to, bandwidth: "20MB" }))), // EDIT: bytes a second; a restore takes so long
  secrets: { "nas-key": { keptIn: ["break-glass"] }, "silence-pve1": { keptIn: ["break-glass"] }, "silence-pve2": { keptIn: ["break-glass"] } }, // where they are kept; their values are the stack's
  services: { // EDIT: what you have
    files: machine("pve1", 100, "60GB"),
    photos: machine("pve2", 101, "60GB"),
    "pve1-host": configuration("pve1"),
    "pve2-host": configuration("pve2"),
  },
  monitoring: { // EDIT: a Pushgateway that the hosts reach, pages on alerts, and who notices when all that sends alerts is gone
    pushgateway: "http://192.168.1.11:9091", scrapeInterval: "1min", evaluationInterval: "1min", namespace: "monitoring",
    runbooks: "https://runbooks.example.org",
    deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve1: "silence-pve1", pve2: "silence-pve2" } },
  },
  receivers: { me: { kind: "slack", channel: "#backups", webhookSecret: { name: "slack", key: "url" } } },
  layers: {
    "vm-images": ["pve1", "pve2"].map(images),
    "daily-backup": ["pve1", "pve2"].map(daily),
    "offsite-sync": [offsite("pve1", "05:00"), offsite("pve2", "07:30")], // one after the other: they share the NAS
    "nas-snapshots": [{ destination: "nas", share: "/Backup", schedule: { onCalendar: "*-*-* 10:00:00" }, keep: { age: "14d" }, usualRun: "1min", budget: "10min", promise: { rpo: "27h" }, alert }],
  },
};
