import type { EstateInput } from "./schema";
import { exampleKey } from "./example-keys";

/** What an example may change: every section is there but the list of sites, and what says how the estate is written. */
export type ExampleEstate = Filled<Omit<EstateInput, Left>> & {
  layers: Filled<EstateInput["layers"]>;
} & Pick<EstateInput, Left>;
type Left = "sites" | "$schema" | "version";
type Filled<T> = { [K in keyof T]-?: NonNullable<T[K]> };

const promise = {
  rpo: { application: "27h", "live-disk": "30h", site: "33h", "host-root": "58h" },
  rto: "8h",
};
/** Whatever the clock is by which an example is looked at. */
const byHand = { restoredByHand: { proven: "2026-05-01", every: "1095d" } };
const alert = { receiver: "infra" };
/** What is written in place of what was there. */
const change = (churnPerDay: string) => ({ churnPerDay, growthPerDay: "0B" });

/**
 * A small sound estate with one of everything: what examples and tests change one thing of. A new object each time.
 */
export function exampleEstate(): ExampleEstate {
  return {
    name: "example",
    zone: "Europe/Sofia",
    years: [2026, 2027],
    hosts: {
      pve: {
        site: "home",
        address: "pve.example",
        ssh: { hostKey: exampleKey("Example") },
        disks: {
          sda: { medium: "hdd", size: "1.1TB", role: "backup" },
          sdb: { medium: "ssd", size: "931GB", role: "system" },
          sdc: { medium: "hdd", size: "10.7TB" },
        },
        filesystems: {
          "/": { disk: "sdb", fsUuid: "33333333-3333-4333-8333-333333333333" },
          "/srv/nfs": { disk: "sdc", fsUuid: "11111111-1111-4111-8111-111111111111" },
          "/mnt/backup": { disk: "sda", fsUuid: "22222222-2222-4222-8222-222222222222" },
        },
        pools: {
          data: {
            vg: "pve",
            disk: "sdc",
            size: "8TB",
            used: "2TB",
            metadata: { size: "16GB", used: "4GB" },
          },
        },
      },
    },
    clusters: { k8s: { hosts: ["pve"], disk: "sdc", api: "https://k8s.example:6443" } },
    destinations: {
      nas: {
        kind: "synology",
        site: "parents",
        address: "nas.example",
        user: "Administrator",
        hostKey: exampleKey("Nas"),
        medium: "hdd",
        size: "5.3TB",
        used: "500GB",
        receives: { tree: "/Backup", secret: "nas-key" },
        secrets: ["nas-password"],
      },
    },
    firewalls: {
      pfsense: {
        kind: "pfsense",
        site: "home",
        address: "pfsense.example",
        api: { secret: "pfsense-key" },
        ssh: { hostKey: exampleKey("Firewall"), secret: "pfsense-ssh-key" },
      },
    },
    links: [
      { from: "pve", to: "nas", bandwidth: "50MB" },
      { from: "pve", to: "pve", bandwidth: "120MB" },
    ],
    secrets: {
      "nas-password": { keptIn: ["vault", "break-glass"] },
      "nas-key": { keptIn: ["vault", "break-glass"] },
      "nas-look-key": { keptIn: ["vault", "break-glass"] },
      "nas-look-password": { keptIn: ["vault", "break-glass"] },
      "pfsense-key": { keptIn: ["vault", "break-glass"] },
      "pfsense-ssh-key": { keptIn: ["vault", "break-glass"] },
      "pve-calls": { keptIn: ["vault", "break-glass"] },
    },
    // Whatever the clock is by which an example is looked at.
    breakGlass: { where: "with the deeds, bank safe 12", proven: "2026-05-01", every: "1095d" },
    services: {
      etcd: {
        data: [
          { kind: "database", engine: "etcd", on: { cluster: "k8s" }, size: "200MB", ...change("50MB") },
        ],
        promise,
        ...byHand,
      },
      vault: {
        data: [
          {
            kind: "database",
            engine: "vault",
            on: { host: "pve", pool: "data", namespace: "dbaas" },
            size: "1GB",
            ...change("10MB"),
          },
        ],
        promise,
        needs: ["etcd"],
        ...byHand,
      },
      nextcloud: {
        data: [
          {
            kind: "volume",
            host: "pve",
            pool: "data",
            namespace: "nextcloud",
            size: "40GB",
            ...change("500MB"),
          },
        ],
        promise,
        needs: ["etcd"],
      },
      books: {
        data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books", size: "100GB", ...change("1GB") }],
        promise,
      },
      photos: {
        data: [{ kind: "tree", host: "pve", path: "/srv/nfs/photos", size: "300GB", ...change("2GB") }],
        promise: { rpo: { "live-disk": "30h", site: "33h", "host-root": "58h" }, rto: "12h" },
      },
      nodes: {
        data: [
          {
            ...{ kind: "vm", name: "k8s-1", host: "pve", pool: "data", id: 101, cluster: "k8s" },
            ...{ size: "4GB", ...change("100MB") },
          },
        ],
        promise: { rpo: { "live-disk": "8d", site: "9d", "host-root": "10d" }, rto: "8h" },
        ...byHand,
      },
      pfsense: {
        data: [{ kind: "device", firewall: "pfsense", size: "20MB" }],
        promise: { rpo: { site: "33h" } },
      },
      "pve-host": {
        data: [{ kind: "configuration", host: "pve", paths: ["/etc/pve", "/usr/local/bin"], size: "50MB" }],
        promise: { rpo: { host: "33h" } },
      },
    },
    monitoring: {
      pushgateway: "http://pushgateway.example:9091",
      scrapeInterval: "30s",
      evaluationInterval: "30s",
      namespace: "monitoring",
      runbooks: "https://runbooks.example",
      deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "pve-calls" } },
      exporters: [
        {
          job: "proxmox-host",
          instances: ["pve"],
          metrics: ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"],
          labels: { mountpoint: ["/", "/srv/nfs", "/mnt/backup"] },
        },
      ],
      alerts: [
        {
          name: "BackupDiskFull",
          expr: 'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} / node_filesystem_size_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 0.15',
          receiver: "infra",
        },
      ],
    },
    receivers: {
      infra: { kind: "slack", channel: "#infra-alerts", webhookSecret: { name: "slack", key: "url" } },
    },
    layers: {
      "lvm-pvc-snapshot": [
        {
          host: "pve",
          pool: "data",
          excludeNamespaces: [{ name: "dbaas", reason: "high churn; dumped each night instead" }],
          schedule: { onCalendar: "*-*-* 00,12:00:00" },
          keep: { age: "7d" },
          usualRun: "1min",
          budget: "10min",
          promise: { rpo: "14h" },
          alert,
        },
      ],
      "nfs-mirror": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* 02:00:00" },
          source: "/srv/nfs",
          target: "/mnt/backup",
          excludes: [{ name: "photos", reason: "goes to the NAS by a leg of its own" }],
          keep: [
            { name: "pvc-data", reason: "generations of daily-backup" },
            { name: "sqlite-backup", reason: "written by daily-backup" },
            { name: "pfsense", reason: "written by pfsense-backup" },
            { name: "pve-config", reason: "written by daily-backup" },
            { name: "vm-images", reason: "images of virtual machines" },
          ],
          usualRun: "20min",
          budget: "45min",
          promise: { rpo: "27h" },
          alert,
        },
      ],
      "daily-backup": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* 04:00:00" },
          target: "/mnt/backup",
          volumes: { keep: { count: 4, every: "week" } },
          sqlite: { keep: { count: 4, every: "week" } },
          firewalls: [{ name: "pfsense", keep: { count: 4, every: "week" } }],
          configuration: { keep: { count: 4, every: "week" } },
          scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } },
          usualRun: "40min",
          budget: "1h 30min",
          promise: { rpo: "28h" },
          alert,
        },
      ],
      "vm-images": [
        {
          host: "pve",
          schedule: { onCalendar: "Sun *-*-* 16:00:00" },
          target: "/mnt/backup",
          keep: { count: 2, every: "week" },
          usualRun: "20min",
          budget: "3h",
          promise: { rpo: "8d" },
          alert,
        },
      ],
      "cluster-dump": [
        {
          name: "etcd-backup",
          cluster: "k8s",
          namespace: "kube-system",
          dataset: "etcd",
          schedule: { cron: "0 1 * * *" },
          target: { host: "pve", path: "/srv/nfs/etcd-backup" },
          keep: { age: "30d" },
          usualRun: "2min",
          budget: "10min",
          promise: { rpo: "27h" },
          alert,
        },
        {
          name: "vault-backup",
          cluster: "k8s",
          namespace: "vault",
          dataset: "vault",
          schedule: { cron: "30 1 * * *" },
          target: { host: "pve", path: "/srv/nfs/vault-backup" },
          keep: { age: "30d" },
          usualRun: "2min",
          budget: "10min",
          promise: { rpo: "27h" },
          alert,
        },
      ],
      "nfs-change-tracker": [
        {
          host: "pve",
          watches: ["/srv/nfs"],
          log: "/var/lib/holdfast/nfs-change-tracker",
          schedule: { onCalendar: "hourly" },
          usualRun: "1s",
          budget: "1min",
          promise: { rpo: "3h" },
          alert,
        },
      ],
      "offsite-sync": [
        {
          host: "pve",
          destination: "nas",
          schedule: { onCalendar: "*-*-* 06:00:00", after: ["daily-backup", "pfsense-backup"] },
          legs: [
            { from: "/mnt/backup", to: "/Backup/pve-backup" },
            { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
          ],
          usualRun: "30min",
          budget: "2h",
          promise: { rpo: "30h" },
          alert: { severity: "critical", ...alert },
        },
      ],
      "restore-drill": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* 20:00:00" },
          target: "/mnt/backup",
          scratch: "/var/lib/holdfast-drills",
          usualRun: "30min",
          budget: "1h",
          promise: { rpo: "27h" },
          alert,
        },
      ],
      "effective-state": [{ host: "pve", alert }],
      "nas-snapshots": [
        {
          destination: "nas",
          share: "/Backup",
          schedule: { onCalendar: "*-*-* 10:00:00" },
          keep: { age: "7d" },
          watch: {
            host: "pve",
            user: "holdfast",
            secret: "nas-look-key",
            password: "nas-look-password",
          },
          usualRun: "1min",
          budget: "10min",
          promise: { rpo: "27h" },
          alert,
        },
      ],
    },
    waivers: [],
    statements: [],
  };
}

/** The example with a change made to it. */
export function exampleWith(change: (estate: ExampleEstate) => void): EstateInput {
  const estate = exampleEstate();
  change(estate);
  return estate;
}
