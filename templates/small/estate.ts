import type { EstateInput } from "holdfast";

/** A Proxmox host with virtual machines in a thin pool and a backup disk, and a NAS elsewhere. EDIT what is marked so. */
export const estate: EstateInput = {
  name: "my-house", zone: "Europe/Berlin", years: [2026, 2027], // EDIT
  hosts: {
    pve: {
      site: "home", address: "192.168.1.10", // EDIT; the key is what `ssh-keyscan -t ed25519 ADDRESS` prints
      ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      disks: { sda: { medium: "hdd", size: "4TB", role: "backup" }, sdb: { medium: "ssd", size: "1TB" } }, // EDIT: lsblk
      filesystems: { "/mnt/backup": { disk: "sda", fsUuid: "00000000-0000-4000-8000-000000000001" } }, // EDIT: findmnt -no UUID /mnt/backup
      pools: { data: { vg: "pve", disk: "sdb", size: "800GB", used: "100GB", metadata: { size: "8GB", used: "1GB" } } }, // EDIT: lvs -a
    },
  },
  destinations: {
    nas: {
      kind: "synology", site: "parents", address: "nas.example.org", user: "backup", // EDIT; with site "home", `holdfast check` says what a fire takes
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
      medium: "hdd", size: "8TB", used: "1TB", receives: { tree: "/Backup", secret: "nas-key" },
    },
  },
  links: ["pve", "nas"].map(from => ({ from, to: "pve", bandwidth: "20MB" })), // EDIT: bytes a second; a restore takes so long
  secrets: { "nas-key": { keptIn: ["break-glass"] }, "silence-pve": { keptIn: ["break-glass"] } }, // where they are kept; their values are the stack's
  services: { // EDIT: what you have, and what it is owed: at most so much is lost in a disaster (rpo), and it is back within (rto)
    files: { data: [{ kind: "vm", id: 100, host: "pve", pool: "data", size: "60GB", churnPerDay: "1GB", growthPerDay: "50MB" }], promise: { rpo: { "live-disk": "28h", site: "34h", "host-root": "60h" }, rto: "8h" } },
    "pve-host": { data: [{ kind: "configuration", host: "pve", paths: ["/etc/pve", "/etc/network"], size: "10MB" }], promise: { rpo: { host: "34h", "host-root": "60h" }, rto: "8h" } },
  },
  monitoring: { // EDIT: a Pushgateway that the host reaches, pages on alerts, and who notices when all that sends alerts is gone
    pushgateway: "http://192.168.1.10:9091", scrapeInterval: "1min", evaluationInterval: "1min", namespace: "monitoring",
    runbooks: "https://runbooks.example.org", deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "silence-pve" } },
  },
  receivers: { me: { kind: "slack", channel: "#backups", webhookSecret: { name: "slack", key: "url" } } },
  layers: { // EDIT: when it runs, and how long that takes
    "vm-images": [{ host: "pve", schedule: { onCalendar: "*-*-* 01:00:00" }, target: "/mnt/backup", keep: { count: 7, every: "day" }, usualRun: "30min", budget: "2h", promise: { rpo: "28h" }, alert: { receiver: "me" } }],
    "daily-backup": [{ host: "pve", schedule: { onCalendar: "*-*-* 04:00:00" }, target: "/mnt/backup", configuration: { keep: { count: 4, every: "week" } }, scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } }, usualRun: "5min", budget: "30min", promise: { rpo: "28h" }, alert: { receiver: "me" } }],
    "nas-snapshots": [{ destination: "nas", share: "/Backup", schedule: { onCalendar: "*-*-* 10:00:00" }, keep: { age: "14d" }, usualRun: "1min", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "me" } }],
    "offsite-sync": [{ host: "pve", destination: "nas", schedule: { onCalendar: "*-*-* 06:00:00" }, legs: [{ from: "/mnt/backup", to: "/Backup/pve" }], usualRun: "1h", budget: "3h", promise: { rpo: "30h" }, alert: { receiver: "me" } }],
  },
};
