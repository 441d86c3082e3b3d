import { estate } from "../fixtures/as-documented";
import { findingsOf } from "./found";

/** A subject, with words of the message where the check has several things to say of it. */
type Expected = string | readonly [subject: string, words: string];

/** All that is wrong with the document, by the check that finds it. */
const expected: Record<string, readonly Expected[]> = {
  // Nine days, where its document says eight, on a job that has become a daily one.
  "alerts/later-than-promise": [["WeeklyBackupStale", "fires 9 d after the last good run of daily-backup"]],
  "alerts/metric-unknown": ["OffsiteBackupSyncStaleByText"],
  "alerts/nobody-waits": ["as-documented"],
  // How much changes or grows is said nowhere.
  "capacity/change-unknown": ["pve"],
  "documents/contradict-each-other": [
    ["sda", "46% (Overview) and 70% (Physical Disk Layout diagram)"],
    ["synology", "83% (Note of 2026-05-24) and 91% (Physical Disk Layout diagram)"],
  ],
  "documents/differs-from-plan": [
    ["anca-elements", "size of anca-elements is 423GB,"],
    ["anca-elements", "path of anca-elements is /Backup/Viki/pve-backup/anca-elements,"],
    ["audiobookshelf", "path of audiobookshelf is /Backup/Viki/nfs/audiobookshelf,"],
    ["daily-backup", "schedule of daily-backup is weekly,"],
    ["daily-backup", "stale-after of daily-backup is 8d,"],
    ["etcd-backup", "schedule of etcd-backup is 0 1 * * *,"],
    ["etcd-backup", "path of etcd-backup is /mnt/main/etcd-backup,"],
    ["immich", "size of immich is 800GB,"],
    ["lvm-pvc-snapshot", "schedule of lvm-pvc-snapshot is *-*-* 00,12:00:00,"],
    ["lvm-pvc-snapshot", "volume-count of lvm-pvc-snapshot is 65,"],
    ["mysql", "rto of mysql is 10min,"],
    ["mysql-backup", "path of mysql-backup is /mnt/main/mysql-backup,"],
    ["nas-snapshots", "retention of nas-snapshots is 7d,"],
    ["nfs-mirror", "excludes of nfs-mirror is immich, frigate, temp,"],
    ["offsite-sync-backup", "schedule of offsite-sync-backup is weekly,"],
    ["offsite-sync-backup", "retention of offsite-sync-backup is unlimited,"],
    ["offsite-sync-backup", "rpo of offsite-sync-backup is 7d,"],
    ["offsite-sync-backup", "metric of offsite-sync-backup is offsite_backup_sync_last_success_timestamp,"],
    ["postgresql", "rto of postgresql is 10min,"],
    ["postgresql-backup", "path of postgresql-backup is /mnt/main/postgresql-backup,"],
    ["prometheus", "offsite of prometheus is no,"],
    ["prometheus-backup", "schedule of prometheus-backup is Sun *-*-01..07 04:00:00,"],
    ["sdc", "medium of sdc is ssd,"],
    ["synology", "offsite of synology is no,"],
    ["vault-backup", "path of vault-backup is /mnt/main/vault-backup,"],
    ["vaultwarden-backup", "schedule of vaultwarden-backup is 0 1 * * 0,"],
    ["vaultwarden-backup", "path of vaultwarden-backup is /mnt/main/vaultwarden-backup,"],
  ],
  "order/assumed-not-enforced": ["nfs-mirror"],
  "order/overlap-on-disk": [
    ["offsite-sync-backup", "vaultwarden-backup (2026-01-01 06:00, usually 3 min), prometheus-backup are"],
    "prometheus-backup",
    "redis-backup",
    "vault-backup",
    "vaultwarden-backup",
  ],
  "order/timeout-below-budget": ["daily-backup"],
  "promises/needs-restored-later": ["etcd"],
  "promises/rpo": [
    "actualbudget",
    "audiobookshelf",
    "calibre-web",
    "etcd",
    "forgejo",
    "freshrss",
    "headscale",
    "immich",
    "immich-ml",
    "llamacpp",
    "mailserver",
    "mysql",
    "navidrome",
    "nextcloud",
    "novelapp",
    "ollama",
    "ollama-ssd",
    "other-apps",
    "postgresql",
    "postiz",
    "servarr",
    "uptime-kuma",
    "vaultwarden",
  ],
  "promises/rto": ["immich"],
  "promises/secret-cycle": ["synology-admin-password"],
  // "Single copy (no rotation)" of the host's configuration, and one dump a month.
  "retention/below-gap": [
    ["daily-backup", "pve-config"],
    ["prometheus-backup", "keeps one generation"],
  ],
  "promises/restore-unproven": ["as-documented"],
  "retention/read-by-nobody": ["pve"],
  "routes/deleter-over-foreign-tree": [
    ["nfs-mirror", "pve:/mnt/backup/pvc-data"],
    ["nfs-mirror", "pve:/mnt/backup/sqlite-backup"],
    ["nfs-mirror", "pve:/mnt/backup/pfsense"],
    ["nfs-mirror", "pve:/mnt/backup/pve-config"],
    ["nfs-mirror", "pve:/mnt/backup/.nfs-changes.log"],
  ],
  "schedule/day-or": ["prometheus-backup"],
  "schedule/zone-apart": ["prometheus-backup"],
  "routes/vm-without-image": ["k8s"],
  "schedule/runs-doubled-by-dst": ["redis-backup"],
  "schedule/runs-lost-to-dst": ["lvm-pvc-snapshot", "redis-backup"],
  "schedule/stale-above-promise": [
    "daily-backup",
    "etcd-backup",
    "nfs-mirror",
    "offsite-sync-backup",
    "pfsense-backup",
    "redis-backup",
    "vault-backup",
    "vaultwarden-backup",
  ],
  "schedule/stale-below-gap": ["lvm-pvc-snapshot", "redis-backup"],
  "security/unpinned-host-key": ["synology", "pfsense"],
};

const findings = findingsOf(estate);
const rows = Object.entries(expected).flatMap(([code, subjects]) =>
  subjects.map(each =>
    typeof each === "string"
      ? { code, subject: each, words: "" }
      : { code, subject: each[0], words: each[1] },
  ),
);

test.each(rows)("$code finds $subject $words, once", ({ code, subject, words }) => {
  const found = findings.filter(
    finding => finding.code === code && finding.subject === subject && finding.message.includes(words),
  );
  expect(found.map(({ message }) => message)).toHaveLength(1);
});

test("finds nothing else", () => {
  const unexpected = findings.filter(
    ({ code, subject, message }) =>
      !rows.some(row => row.code === code && row.subject === subject && message.includes(row.words)),
  );
  expect(unexpected).toEqual([]);
  expect(findings).toHaveLength(rows.length);
});

test("fails a check and a preview", () =>
  expect(findings.some(({ severity }) => severity === "error")).toBe(true));
