import type { EstateInput } from "../../plan";
import { byHand, database, directory, dump, inVaultAndEnvelope, leftOut, slack, volume } from "../builders";
import { kubeStateMetrics, ownPushgateway, type ServiceInput } from "../builders";

/** Images go by their tags: which they are, the stack's `images` say. */
const postgres = { engine: "postgresql", image: "docker.io/library/postgres:16", user: "backup" } as const;
const mysql = { engine: "mysql", image: "docker.io/library/mysql:8.4", user: "backup" } as const;
const wholeMysql = { ...mysql, databases: "together" } as const;
/** Hears of a failing job; passwords and the way off the site are worth waking up for. */
const alert = { receiver: "infra-alerts" };
/** The dump that most services stand on is given to an empty server each week. */
const drilled = { schedule: { cron: "30 8 * * 0" }, usualRun: "20min", budget: "1h", promise: { rpo: "9d" } };
const drill = { name: "postgresql-drill", ...drilled, alert };
const wholePostgres = { ...postgres, databases: "together", drill } as const;
const critical = { receiver: "infra-critical", severity: "critical" } as const;
/** Alerts under the names that people and their silences know. */
const named = (called: string) => ({ ...alert, called });
const [pgAlert, mysqlAlert] = [named("PostgreSQLBackup"), named("MySQLBackup")];

/** All services. A new one is a line here; jobs, alerts, routes and losses follow. */
const services: Record<string, ServiceInput> = {
  etcd: database("etcd", { cluster: "k8s" }, "300MB"),
  postgresql: database("postgresql", { host: "pve", pool: "data", namespace: "dbaas" }, "8GB", ["etcd"]),
  mysql: database("mysql", { host: "pve", pool: "data", namespace: "dbaas" }, "6GB", ["etcd"]),
  redis: database("redis", { host: "pve", pool: "data", namespace: "redis" }, "500MB", ["etcd"]),
  vault: {
    ...database("vault", { host: "pve", pool: "data", namespace: "vault" }, "1GB", ["etcd"]),
    secrets: ["vault-unseal-keys"],
  },
  vaultwarden: {
    ...volume("vaultwarden", "200MB", { holds: "sqlite" }),
    // Six-hourly dumps: ten new passwords must not wait for the night. "6 h" are 7 h where clocks go back, and the dump's run.
    promise: { rpo: { application: "8h", "live-disk": "30h", site: "31h", "host-root": "60h" }, rto: "8h" },
  },
  // Bundled PostgreSQL on the nodes' own disks: no snapshot sees it, its dump is its only copy.
  postiz: database("postgresql", { cluster: "k8s" }, "2GB", ["etcd"]),
  nextcloud: volume("nextcloud", "60GB"),
  "calibre-web": volume("calibre-web", "20GB"),
  forgejo: volume("forgejo", "15GB", { holds: "sqlite" }),
  freshrss: volume("freshrss", "2GB", { holds: "sqlite" }),
  actualbudget: volume("actualbudget", "1GB", { holds: "sqlite" }),
  novelapp: volume("novelapp", "5GB"),
  headscale: volume("headscale", "1GB", { holds: "sqlite" }),
  "uptime-kuma": volume("uptime-kuma", "2GB", { holds: "sqlite" }),
  // The volumes that nobody named: found by pattern, covered like the others. "62 volumes" here and "65" there: 65 claims,
  // of which three are in the namespaces without snapshots.
  "other-apps": volume("other-apps", "2GB", { count: 51 }),
  audiobookshelf: directory("/srv/nfs/audiobookshelf", "120GB"),
  servarr: directory("/srv/nfs/servarr", "60GB"),
  navidrome: directory("/srv/nfs/navidrome", "50GB"),
  mailserver: directory("/srv/nfs/mailserver", "20GB"),
  ollama: directory("/srv/nfs/ollama", "60GB"),
  immich: directory("/srv/nfs/immich", "1.5TB", { application: "60h", "host-root": "60h" }),
  "immich-ml": directory("/srv/nfs-ssd/immich", "62GB", { application: "60h", "host-root": "60h" }),
  "ollama-ssd": directory("/srv/nfs-ssd/ollama", "59GB", { application: "60h", "host-root": "60h" }),
  llamacpp: directory("/srv/nfs-ssd/llamacpp", "26GB", { application: "60h", "host-root": "60h" }),
  // What the cluster itself is: the reference has dumps of what runs on it, and nothing that brings a node back.
  // The workers are built anew; who they belong to, and the cluster's certificates, lie on this one's disk alone.
  "k8s-master": {
    data: [
      {
        ...{ kind: "vm", id: 200, host: "pve", pool: "data", cluster: "k8s" },
        ...{ size: "20GB", churnPerDay: "1GB", growthPerDay: "5MB" },
      },
    ],
    promise: { rpo: { "live-disk": "8d", site: "9d", "host-root": "10d" }, rto: "8h" },
    restoredByHand: byHand,
  },
  pfsense: {
    data: [{ kind: "device", firewall: "pfsense", size: "50MB" }],
    promise: { rpo: { "live-disk": "28h", site: "34h" } },
  },
  "pve-host": {
    data: [
      {
        kind: "configuration",
        host: "pve",
        paths: ["/etc/pve", "/usr/local/bin", "/etc/systemd/system"],
        size: "50MB",
      },
    ],
    promise: { rpo: { host: "34h", site: "34h" }, rto: "4h" },
  },
  // The reference's diagram leaves anca-elements "not backed up", its change log has it mirrored and its copy deleted:
  // the canonical copy is in Immich, so this one is waived.
  "anca-elements": leftOut("/srv/nfs/anca-elements", "771GB", "canonical copy is in Immich"),
  frigate: leftOut("/srv/nfs/frigate", "131GB", "fourteen-day camera ring buffer"),
  temp: leftOut("/srv/nfs/temp", "12GB", "scratch space"),
  prometheus: {
    ...database("prometheus", { host: "pve", pool: "data", namespace: "monitoring" }, "100GB"),
    // Metrics are gathered anew; those of before are in a month's snapshot, which takes half of what its volume holds.
    promise: { rpo: { application: "32d", "live-disk": "32d", site: "33d", "host-root": "34d" }, rto: "24h" },
  },
};

/** The reference document's system, with its contradictions resolved; each comment with a reason resolves one. */
export const estate: EstateInput = {
  name: "homelab",
  zone: "Europe/Sofia",
  years: [2026, 2027, 2028],
  sites: ["home", "away"],
  hosts: {
    pve: {
      site: "home",
      address: "192.168.1.127",
      ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      disks: {
        sda: { medium: "hdd", size: "1.1TB", role: "backup" },
        sdb: { medium: "ssd", size: "931GB", role: "system" },
        // "Two media: sdc SSD and sda HDD", says the rationale; the inventory has a RAID1 of hard disks. Two devices, one medium.
        sdc: { medium: "hdd", size: "10.7TB" },
      },
      filesystems: {
        "/": { disk: "sdb", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0001", used: "20GB" },
        "/srv/nfs": { disk: "sdc", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0002", size: "4TB" },
        // Drawn inside sdc in one diagram; it is the SSD's tree, and the host has one SSD.
        "/srv/nfs-ssd": { disk: "sdb", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0003", size: "300GB" },
        "/mnt/backup": { disk: "sda", fsUuid: "5d0f3c5e-6a2f-4b0e-9a52-0f3b6c1e0004" },
      },
      pools: {
        data: {
          ...{ vg: "pve", disk: "sdc", size: "6TB", used: "1TB", metadata: { size: "16GB", used: "3GB" } },
          // The records of 62 volumes with two snapshots a day for a week take 94 % of what pvcreate makes: another device has more.
          vgMetadata: "4MiB",
        },
      },
    },
  },
  clusters: {
    k8s: {
      ...{ hosts: ["pve"], disk: "sdc", api: "https://192.168.1.200:6443" },
      runnerImage: "docker.io/library/node:24-bookworm-slim",
    },
  },
  destinations: {
    synology: {
      kind: "synology",
      // Called offsite, with an address of the LAN. As a site of its own it is what the document promises; if it stands in
      // the same site, write "home" here, and see in `holdfast rpo` what a fire takes.
      site: "away",
      address: "192.168.1.13",
      user: "Administrator",
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
      medium: "hdd",
      size: "5.3TB",
      used: "1TB",
      // A key of its own, that opens one folder to rsync: the administrator's, which the reference's run has, opens all.
      receives: { tree: "/Backup/Viki", secret: "synology-rsync-key" },
      secrets: ["synology-admin-password"],
    },
  },
  firewalls: {
    pfsense: {
      kind: "pfsense",
      site: "home",
      address: "pfsense.viktorbarzin.me",
      api: { secret: "pfsense-api-key" },
      ssh: {
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC",
        secret: "pfsense-ssh-key",
      },
    },
  },
  links: [
    { from: "pve", to: "pve", bandwidth: "150MB" },
    { from: "synology", to: "pve", bandwidth: "100MB", latency: "10min" },
    { from: "pve", to: "synology", bandwidth: "100MB" },
  ],
  secrets: {
    // Vault alone kept the password of the NAS that Vault is restored from; a sealed envelope breaks the circle.
    ...inVaultAndEnvelope("synology-admin-password", "synology-rsync-key", "synology-look-key"),
    ...inVaultAndEnvelope("synology-look-password", "synology-retention-key", "synology-retention-password"),
    ...inVaultAndEnvelope("pfsense-api-key", "pfsense-ssh-key", "luks-passphrase", "pve-calls"),
    ...inVaultAndEnvelope("postgresql-backup", "mysql-backup", "postgresql-per-db", "mysql-per-db"),
    ...inVaultAndEnvelope("redis-backup", "postiz-backup", "vault-backup", "pushgateway"),
    // What a snapshot of Vault brings back is sealed by these.
    "vault-unseal-keys": { keptIn: ["break-glass"] },
  },
  breakGlass: { where: "a sealed envelope, with the parents", proven: "2026-10-15", every: "365d" },
  services,
  monitoring: {
    ...ownPushgateway("http://192.168.1.200:30091", "proxmox-lvm-encrypted"),
    scrapeInterval: "1min",
    evaluationInterval: "1min",
    namespace: "monitoring",
    runbooks: "https://runbooks.viktorbarzin.me",
    dashboards: {},
    deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "pve-calls" } },
    exporters: [
      {
        job: "proxmox-host",
        instances: ["pve"],
        metrics: ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"],
        labels: { mountpoint: ["/", "/srv/nfs", "/srv/nfs-ssd", "/mnt/backup"] },
      },
      // Units' states are there with its --collector.systemd.
      {
        job: "proxmox-host",
        instances: ["pve"],
        metrics: ["node_time_seconds", "node_systemd_unit_state"],
      },
      kubeStateMetrics,
    ],
    alerts: [
      {
        name: "BackupDiskFull",
        expr: 'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} / node_filesystem_size_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 0.15',
        ...alert,
      },
    ],
  },
  receivers: {
    "infra-alerts": slack("infra-alerts"),
    "infra-critical": slack("infra-critical"),
  },
  layers: {
    "lvm-pvc-snapshot": [
      {
        host: "pve",
        pool: "data",
        excludeNamespaces: [
          { name: "dbaas", reason: "half of it is rewritten each hour; dumped each night instead" },
          { name: "monitoring", reason: "metrics can be gathered anew" },
        ],
        // 03:00 in the components table, 00:00 and 12:00 in both diagrams: the diagrams are newer.
        schedule: { onCalendar: "*-*-* 00,12:00:00" },
        keep: { age: "7d" },
        usualRun: "1min",
        budget: "8min",
        timeout: "9min",
        promise: { rpo: "14h" },
        alert: named("LVMSnapshot"),
      },
    ],
    "cluster-dump": [
      dump("postgresql-backup", "dbaas", "postgresql", "10 0 * * *", "14d", pgAlert, wholePostgres, "2GB"),
      dump("mysql-backup", "dbaas", "mysql", "30 0 * * *", "14d", mysqlAlert, wholeMysql, "1500MB"),
      // Weekly on Sundays at 01:00, 02:00 and 03:00: a week's loss, and the last two came after that night's mirror.
      dump("etcd-backup", "kube-system", "etcd", "50 0 * * *", "30d", alert),
      dump("vault-backup", "vault", "vault", "5 1 * * *", "30d", critical, {
        // TLS ends at its ingress.
        ...{ engine: "vault", image: "docker.io/hashicorp/vault:1.14.1", tls: false },
      }),
      dump("redis-backup", "redis", "redis", "20 1 * * *", "30d", alert, {
        ...{ engine: "redis", image: "docker.io/library/redis:7.4" },
      }),
      {
        ...dump("vaultwarden-backup", "vaultwarden", "vaultwarden", "35 1,7,13,19 * * *", "30d", critical),
        promise: { rpo: "8h" },
        dump: {
          engine: "sqlite",
          image: "docker.io/keinos/sqlite3:3.46.1",
          // Its image runs as root.
          owner: 0,
          usedBy: { app: "vaultwarden" },
          excludes: [{ name: "icon_cache", reason: "icons of web sites, fetched anew" }],
          integrity: {
            ...{
              name: "vaultwarden-integrity",
              schedule: { cron: "20 * * * *" },
              usualRun: "10s",
              budget: "5min",
            },
            ...{ promise: { rpo: "3h" }, alert: critical },
          },
        },
      },
      dump("postiz-backup", "postiz", "postiz", "47 1 * * *", "14d", alert, postgres),
      // A whole server comes back from the ones above, one database of it from these, ten minutes after each. Compressed, each takes
      // about a quarter of its data; as large as that, two of both for fourteen days wouldn't fit on sda.
      dump("postgresql-per-db", "dbaas", "postgresql", "20 0 * * *", "14d", alert, postgres, "2GB"),
      dump("mysql-per-db", "dbaas", "mysql", "40 0 * * *", "14d", alert, mysql, "1500MB"),
      {
        // A month's first day, and not its first Sunday: cron has no "and" for days.
        ...dump("prometheus-backup", "monitoring", "prometheus", "0 8 1 * *", "70d", alert, {
          ...{ engine: "prometheus", image: "docker.io/prom/prometheus:v3.5.0", claim: "prometheus-server" },
        }),
        ...{ keep: { count: 2, every: "run" }, size: "50GB", promise: { rpo: "33d" } },
        ...{ usualRun: "20min", budget: "1h", timeout: "65min" },
      },
    ],
    "nfs-mirror": [
      {
        host: "pve",
        schedule: { onCalendar: "*-*-* 02:00:00" },
        source: "/srv/nfs",
        target: "/mnt/backup",
        excludes: [
          { name: "immich", reason: "1.5 TB don't fit on sda; a leg of its own" },
          { name: "frigate", reason: "camera ring buffer, not backed up" },
          { name: "temp", reason: "scratch space, not backed up" },
          { name: "anca-elements", reason: "canonical copy is in Immich" },
        ],
        keep: ["pvc-data", "sqlite-backup", "pfsense", "pve-config", "vm-images"].map(name => ({
          name,
          reason: "generations of another job",
        })),
        usualRun: "20min",
        budget: "1h",
        promise: { rpo: "27h" },
        // 16 days, a leftover of the weekly schedule: derived now.
        alert,
      },
    ],
    "daily-backup": [
      {
        host: "pve",
        // 05:00 left one hour before the offsite run, and its budget killed it for nine days unseen. Not 03:30, which the
        // last Sunday of March doesn't have.
        schedule: { onCalendar: "*-*-* 04:00:00", after: ["nfs-mirror"] },
        target: "/mnt/backup",
        volumes: { keep: { count: 4, every: "week" }, luksSecrets: ["luks-passphrase"] },
        sqlite: { keep: { count: 4, every: "week" } },
        firewalls: [{ name: "pfsense", keep: { count: 4, every: "week" } }],
        configuration: { keep: { count: 4, every: "week" } },
        // In the afternoon nothing else uses sda.
        scrub: { schedule: { onCalendar: "*-*-* 15:00:00" } },
        usualRun: "45min",
        budget: "1h 45min",
        promise: { rpo: "28h" },
        alert: { ...alert, formerly: "WeeklyBackup" },
      },
    ],
    "vm-images": [
      {
        host: "pve",
        // After the scrub.
        schedule: { onCalendar: "Sun *-*-* 18:00:00" },
        target: "/mnt/backup",
        keep: { count: 2, every: "week" },
        ...{ usualRun: "40min", budget: "4h", promise: { rpo: "8d" }, alert },
      },
    ],
    "nfs-change-tracker": [
      {
        host: "pve",
        watches: ["/srv/nfs", "/srv/nfs-ssd"],
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
        destination: "synology",
        schedule: { onCalendar: "*-*-* 06:00:00", after: ["daily-backup", "pfsense-backup"] },
        legs: [
          { from: "/mnt/backup", to: "/Backup/Viki/pve-backup" },
          { from: "/srv/nfs/immich", to: "/Backup/Viki/nfs/immich" },
          { from: "/srv/nfs-ssd", to: "/Backup/Viki/nfs-ssd" },
        ],
        usualRun: "30min",
        budget: "4h",
        promise: { rpo: "31h" },
        // 8 days on a daily run: derived now.
        alert: { ...critical, called: "OffsiteBackupSync" },
      },
    ],
    "nas-snapshots": [
      {
        destination: "synology",
        share: "/Backup",
        // 02:00 kept the day before yesterday's state; after the offsite run it keeps last night's.
        schedule: { onCalendar: "*-*-* 11:00:00" },
        // "3 days" in the text, 7 on the NAS: a week outlasts a long weekend without anybody at a screen.
        keep: { age: "7d" },
        watch: {
          host: "pve",
          // An account of its own, whose sudo takes what a look asks and no more: with the administrator's password on the host, its
          // root could delete every snapshot.
          user: "holdfast",
          secret: "synology-look-key",
          password: "synology-look-password",
        },
        // `pulumi up` sets the seven days there; neither of the two lies on a host.
        apply: {
          user: "holdfast-retention",
          secret: "synology-retention-key",
          password: "synology-retention-password",
        },
        ...{ usualRun: "1min", budget: "10min", promise: { rpo: "27h" }, alert },
      },
    ],
    "restore-drill": [
      {
        ...{ host: "pve", target: "/mnt/backup", scratch: "/var/lib/holdfast-drills" },
        // After the scrub, and Sunday's images.
        schedule: { onCalendar: "*-*-* 21:30:00" },
        ...{ usualRun: "30min", budget: "1h", promise: { rpo: "27h" }, alert },
      },
    ],
    "effective-state": [{ host: "pve", alert }],
  },
};
