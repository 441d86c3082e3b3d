import type { EstateInput } from "holdfast";

type Service = NonNullable<EstateInput["services"]>[string];

const alert = { receiver: "me" };
/** What a service is owed: at most so much is lost in a disaster (rpo), and it is back within (rto). */
const promise = { rpo: { application: "27h", "live-disk": "30h", site: "34h", "host-root": "60h" }, rto: "8h" };

/** A thin volume of a claim in the cluster. `holds: "sqlite"` has its databases copied by SQLite itself too. */
const volume = (namespace: string, size: string, holds?: "sqlite"): Service => ({
  data: [{ kind: "volume", host: "pve", pool: "data", namespace, size, churnPerDay: "500MB", growthPerDay: "10MB", ...(holds && { holds }) }],
  promise, needs: ["etcd"],
});
/** A folder that is shared by NFS. */
const folder = (path: string, size: string): Service => ({
  data: [{ kind: "tree", host: "pve", path, size, churnPerDay: "1GB", growthPerDay: "20MB" }],
  promise,
});

/** EDIT: what you have. A new service is a line; jobs, alerts, routes and losses follow. */
const services: Record<string, Service> = {
  etcd: { data: [{ kind: "database", engine: "etcd", on: { cluster: "k8s" }, size: "200MB", churnPerDay: "50MB", growthPerDay: "0B" }], promise },
  postgresql: {
    data: [{ kind: "database", engine: "postgresql", on: { host: "pve", pool: "data", namespace: "databases" }, size: "5GB", churnPerDay: "200MB", growthPerDay: "5MB" }],
    promise, needs: ["etcd"],
  },
  nextcloud: volume("nextcloud", "40GB"),
  vaultwarden: volume("vaultwarden", "1GB", "sqlite"),
  books: folder("/srv/nfs/books", "100GB"),
  photos: folder("/srv/nfs/photos", "300GB"),
  "k8s-node": {
    data: [{ kind: "vm", id: 200, host: "pve", pool: "data", cluster: "k8s", size: "20GB", churnPerDay: "1GB", growthPerDay: "5MB" }],
    promise: { rpo: { "live-disk": "8d", site: "9d", "host-root": "10d" }, rto: "8h" },
  },
  "pve-host": {
    data: [{ kind: "configuration", host: "pve", paths: ["/etc/pve", "/etc/network"], size: "10MB" }],
    promise: { rpo: { host: "34h", site: "34h" }, rto: "4h" },
  },
};

/** A Proxmox host with a backup disk and an NFS tree, a Kubernetes cluster on it, and a NAS elsewhere. EDIT what is marked so. */
export const estate: EstateInput = {
  name: "homelab", zone: "Europe/Berlin", years: [2026, 2027], // EDIT
  hosts: {
    pve: {
      site: "home", address: "192.168.1.10", // EDIT; the key is what `ssh-keyscan -t ed25519 ADDRESS` prints
      ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      disks: { sda: { medium: "hdd", size: "4TB", role: "backup" }, sdb: { medium: "ssd", size: "1TB", role: "system" }, sdc: { medium: "hdd", size: "8TB" } }, // EDIT: lsblk
      filesystems: { // EDIT: findmnt -no UUID PATH
        "/": { disk: "sdb", fsUuid: "00000000-0000-4000-8000-000000000001" },
        "/srv/nfs": { disk: "sdc", fsUuid: "00000000-0000-4000-8000-000000000002" },
        "/mnt/backup": { disk: "sda", fsUuid: "00000000-0000-4000-8000-000000000003" },
      },
      pools: { data: { vg: "pve", disk: "sdc", size: "4TB", used: "500GB", metadata: { size: "16GB", used: "2GB" } } }, // EDIT: lvs -a
    },
  },
  clusters: { k8s: { hosts: ["pve"], disk: "sdc", api: "https://192.168.1.20:6443" } }, // EDIT: kubectl config view --minify
  destinations: {
    nas: {
      kind: "synology", site: "parents", address: "nas.example.org", user: "backup", // EDIT; with site "home", `holdfast check` says what a fire takes
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
      medium: "hdd", size: "8TB", used: "1TB", receives: { tree: "/Backup", secret: "nas-key" },
    },
  },
  links: ["pve", "nas"].map(from => ({ from, to: "pve", bandwidth: "50MB" })), // EDIT: bytes a second; a restore takes so long
  secrets: { "nas-key": { keptIn: ["break-glass"] }, "silence-pve": { keptIn: ["break-glass"] } }, // where they are kept; their values are the stack's
  services,
  monitoring: { // EDIT: a Pushgateway that the host reaches, pages on alerts, and who notices when all that sends alerts is gone
    pushgateway: "http://192.168.1.10:30091", scrapeInterval: "1min", evaluationInterval: "1min", namespace: "monitoring",
    runbooks: "https://runbooks.example.org", deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "silence-pve" } },
  },
  receivers: { me: { kind: "slack", channel: "#backups", webhookSecret: { name: "slack", key: "url" } } },
  layers: { // EDIT: when each runs, and how long that takes
    "lvm-pvc-snapshot": [
      {
        host: "pve", pool: "data", excludeNamespaces: [{ name: "databases", reason: "much of it is rewritten each hour; dumped each night instead" }],
        schedule: { onCalendar: "*-*-* 00,12:00:00" }, keep: { age: "7d" }, usualRun: "1min", budget: "10min", promise: { rpo: "14h" }, alert,
      },
    ],
    // These two are made by programs of yours; Holdfast makes a dump that has `dump`: holdfast explain layers.cluster-dump.dump
    "cluster-dump": (["etcd", "postgresql"] as const).map((dataset, index) => ({
      name: `${dataset}-backup`, cluster: "k8s", namespace: dataset === "etcd" ? "kube-system" : "databases", dataset, schedule: { cron: `${10 + 30 * index} 1 * * *` },
      target: { host: "pve", path: `/srv/nfs/${dataset}-backup` }, keep: { age: "14d" }, usualRun: "3min", budget: "10min", promise: { rpo: "27h" }, alert,
    })),
    "nfs-mirror": [
      {
        host: "pve", schedule: { onCalendar: "*-*-* 03:00:00" }, source: "/srv/nfs", target: "/mnt/backup",
        keep: ["pvc-data", "sqlite-backup", "pve-config", "vm-images"].map(name => ({ name, reason: "generations of another job" })),
        usualRun: "20min", budget: "1h", promise: { rpo: "27h" }, alert,
      },
    ],
    "daily-backup": [
      {
        host: "pve", schedule: { onCalendar: "*-*-* 04:00:00" }, target: "/mnt/backup",
        volumes: { keep: { count: 4, every: "week" } }, sqlite: { keep: { count: 4, every: "week" } }, configuration: { keep: { count: 4, every: "week" } },
        scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } }, usualRun: "40min", budget: "1h 30min", promise: { rpo: "28h" }, alert,
      },
    ],
    "vm-images": [{ host: "pve", schedule: { onCalendar: "Sun *-*-* 16:00:00" }, target: "/mnt/backup", keep: { count: 2, every: "week" }, usualRun: "20min", budget: "3h", promise: { rpo: "8d" }, alert }],
    "offsite-sync": [{ host: "pve", destination: "nas", schedule: { onCalendar: "*-*-* 06:00:00" }, legs: [{ from: "/mnt/backup", to: "/Backup/pve" }], usualRun: "30min", budget: "2h", promise: { rpo: "30h" }, alert }],
    "nas-snapshots": [{ destination: "nas", share: "/Backup", schedule: { onCalendar: "*-*-* 10:00:00" }, keep: { age: "14d" }, usualRun: "1min", budget: "10min", promise: { rpo: "27h" }, alert }],
  },
};
