import { parseEstate, planOf } from "../../plan";
import { type ExampleEstate, exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";

const success = 'backup_last_success_timestamp{job="etcd-backup"}';
const status = 'backup_last_status{job="etcd-backup"}';
const avail = 'node_filesystem_avail_bytes{mountpoint="/mnt/backup"}';
const size = 'node_filesystem_size_bytes{mountpoint="/mnt/backup"}';
const free = "lvm_snapshot_thinpool_free_pct";
const nasFree = "nas_snapshot_volume_free_bytes / nas_snapshot_volume_size_bytes";

type Exporter = NonNullable<ExampleEstate["monitoring"]["exporters"]>[number];

const first = (change: (estate: ExampleEstate) => void): string | undefined => {
  const [top] = runChecks(planOf(parseEstate(exampleWith(change))), Date.UTC(2026, 10, 1));
  return top && `${top.code} ${top.subject}`;
};

/** One more alert of the estate's own, as a tired operator writes it: what is told first. */
const alerts: readonly (readonly [
  what: string,
  expr: string,
  code: string,
  more?: { for?: string; name?: string },
])[] = [
  ["nine days on a daily job", `time() - ${success} > 777600`, "alerts/later-than-promise"],
  ["28 h where 27 h are promised", `time() - ${success} > 100800`, "alerts/later-than-promise"],
  ["20 h on a daily job", `time() - ${success} > 72000`, "alerts/fires-when-healthy"],
  ["24 h, which one night a year is 25", `time() - ${success} > 86400`, "alerts/fires-when-healthy"],
  ["hours for seconds", `time() - ${success} > 26`, "alerts/fires-when-healthy"],
  ["minutes for seconds", `time() - ${success} > 1560`, "alerts/fires-when-healthy"],
  ["milliseconds for seconds", `time() - ${success} > 93600000`, "alerts/later-than-promise"],
  ["seconds for hours", `(time() - ${success}) / 3600 > 93600`, "alerts/never-fires"],
  ["days for hours", `(time() - ${success}) / 86400 > 26`, "alerts/later-than-promise"],
  ["< for >", `time() - ${success} < 93600`, "alerts/fires-when-healthy"],
  ["the two sides exchanged", `${success} - time() > 93600`, "alerts/silent-after-a-miss"],
  ["an instant as an age", `${success} > 93600`, "alerts/always-fires"],
  ["an instant as an age, turned round", `${success} < 93600`, "alerts/never-fires"],
  ["a success as a failure", `${status} == 0`, "alerts/fires-when-healthy"],
  ["an exit code that isn't one", `${status} == 256`, "alerts/never-fires"],
  ["a status that is never negative", `${status} < 0`, "alerts/never-fires"],
  ["a status, and equal is forgotten", `${status} >= 0`, "alerts/always-fires"],
  ["a failure for two days", `${status} != 0`, "alerts/later-than-promise", { for: "2d" }],
  ["an age for a day more", `time() - ${success} > 93600`, "alerts/later-than-promise", { for: "24h" }],
  ["an offset of a day", `time() - ${success} offset 1d > 93600`, "alerts/fires-when-healthy"],
  ["an offset that looks ahead", `time() - ${success} offset -1d > 93600`, "alerts/silent-after-a-miss"],
  ["the time that jobs take, of 24 hours", `changes(${success}[24h]) == 0`, "alerts/window-too-short"],
  ["increase() over five minutes", `increase(${success}[5m]) == 0`, "alerts/rate-of-gauge"],
  ["rate() of bytes", 'rate(backup_bytes{job="etcd-backup"}[1d]) == 0', "alerts/rate-of-gauge"],
  ["rate() of free space", `rate(${avail}[6h]) < 0`, "alerts/rate-of-gauge"],
  [
    "a drop within five minutes",
    'delta(backup_bytes{job="etcd-backup"}[5m]) < -1e6',
    "alerts/window-too-short",
  ],
  ["a share for a percentage", `${free} < 0.15`, "alerts/wrong-unit"],
  ["a percentage for a share", `${avail} / ${size} < 15`, "alerts/always-fires"],
  ["a percentage for a share, of what is used", `1 - ${avail} / ${size} > 85`, "alerts/never-fires"],
  ["a share for a percentage, worked out", `${avail} / ${size} * 100 < 0.15`, "alerts/wrong-unit"],
  ["a share turned round", `${size} / ${avail} < 0.15`, "alerts/never-fires"],
  ["a size by itself", `${size} / ${size} < 0.15`, "alerts/never-fires"],
  ["gigabytes for bytes", `${avail} < 50`, "alerts/wrong-unit"],
  ["terabytes that the disk hasn't", `${avail} < 2e12`, "alerts/always-fires"],
  ["more than a hundred per cent", `${free} > 120`, "alerts/never-fires"],
  ["up is good", 'up{job="proxmox-host"} == 1', "alerts/fires-when-healthy"],
  ["up above one", "up > 1", "alerts/never-fires"],
  ["a truth value", "up == bool 0", "alerts/always-fires"],
  [
    "an absence of a target with a typo",
    'absent(up{job="proxmox-host",instance="pv"})',
    "alerts/label-unknown",
  ],
  [
    "an absence by a label that isn't there",
    'absent(up{job="proxmox-host",host="pve"})',
    "alerts/label-unknown",
  ],
  ["the absence of what is there", "absent(up) == 0", "alerts/never-fires"],
  [
    "a job label with a typo",
    'time() - backup_last_success_timestamp{job="etcd-bakup"} > 93600',
    "alerts/label-unknown",
  ],
  ["a matcher that matches nothing", 'backup_last_status{job=~"etcd"} != 0', "alerts/label-unknown"],
  [
    "a mount point with a typo",
    'node_filesystem_avail_bytes{mountpoint="/mnt/backp"} < 50e9',
    "alerts/label-unknown",
  ],
  [
    "a metric with a typo",
    'time() - backup_last_sucess_timestamp{job="etcd-backup"} > 93600',
    "alerts/metric-unknown",
  ],
  [
    "a neighbour's job",
    `time() - ${success} > 93600`,
    "alerts/named-for-another",
    { name: "VaultBackupStaleOwn" },
  ],
  [
    "a weekly job's threshold",
    "time() - nfs_mirror_last_success_timestamp > 691200",
    "alerts/later-than-promise",
  ],
  ["look-ahead", 'up{job=~"(?!guest).*"} == 0', "alerts/syntax"],
  ["a reference back", 'up{job=~"(p)\\\\1.*"} == 0', "alerts/syntax"],
  ["a backslash too few", 'up{job=~"proxmox\\.host"} == 0', "alerts/syntax"],
  ["a group that isn't closed", 'up{job=~"(proxmox-host"} == 0', "alerts/syntax"],
  ["hours in the place of a number", `time() - ${success} > 26h`, "alerts/syntax"],
  ["half a day", `changes(${success}[1.5d]) == 0`, "alerts/syntax"],
  ["a window without a unit", `changes(${success}[90000]) == 0`, "alerts/syntax"],
  ["minutes as systemd has them", `changes(${success}[1560min]) == 0`, "alerts/syntax"],
  ["a label with a hyphen", "sum by (mount-point) (node_filesystem_avail_bytes) < 50e9", "alerts/syntax"],
  ["=> for >=", `time() - ${success} => 93600`, "alerts/syntax"],
  ["a range for a value", `${success}[1h] > 93600`, "alerts/syntax"],
  ["two numbers", "time() > 93600", "alerts/syntax"],
  ["everything there is", '{job=~".*"} == 0', "alerts/syntax"],
  ["an argument too few", `clamp_max(${status}) != 0`, "alerts/syntax"],
  ["a dead join", `${status} != 0 and up{job="proxmox-host"} == 0`, "alerts/join-never-matches"],
  [
    "a sum by the size of each",
    `sum(node_filesystem_avail_bytes) / node_filesystem_size_bytes < 0.1`,
    "alerts/join-never-matches",
  ],
  ["nine days of a host that is down", "up == 0", "alerts/waits-too-long", { for: "9d" }],
  ["millennia", "up == 0", "alerts/file-refused", { for: "200000w" }],
  ["volumes that fail, the wrong way round", "daily_backup_failed_volumes == 0", "alerts/fires-when-healthy"],
  ["none that fails, or more", "daily_backup_failed_volumes >= 0", "alerts/always-fires"],
  ["fewer than none that fail", "daily_backup_failed_volumes < 0", "alerts/never-fires"],
  ["rot, the wrong way round", "backup_scrub_rotten_files < 1", "alerts/fires-when-healthy"],
  [
    "content that differs, the wrong way round",
    "daily_backup_content_differences == 0",
    "alerts/fires-when-healthy",
  ],
  ["images that fail, the wrong way round", "vm_images_failed_vms == 0", "alerts/fires-when-healthy"],
  ["snapshots that fail, the wrong way round", "lvm_snapshot_failed_total == 0", "alerts/fires-when-healthy"],
  ["drills that fail, the wrong way round", "restore_drill_failed_copies == 0", "alerts/fires-when-healthy"],
  ["a leg's status, the wrong way round", "offsite_sync_leg_last_status == 0", "alerts/fires-when-healthy"],
  ["drift of the NAS, the wrong way round", "nas_snapshot_drift == 0", "alerts/fires-when-healthy"],
  ["a tracker that is up", "nfs_change_tracker_up == 1", "alerts/fires-when-healthy"],
  [
    "failing volumes for two days",
    "daily_backup_failed_volumes > 0",
    "alerts/later-than-promise",
    { for: "2d" },
  ],
  ["less than no files", "backup_scrub_files < 0", "alerts/never-fires"],
  [
    "20 h of a NAS that snapshots daily",
    "time() - nas_snapshot_newest_timestamp > 72000",
    "alerts/fires-when-healthy",
  ],
  [
    "nine days of a NAS that snapshots daily",
    "time() - nas_snapshot_newest_timestamp > 777600",
    "alerts/later-than-promise",
  ],
  ["a percentage for a share of the NAS", `${nasFree} < 15`, "alerts/always-fires"],
  ["a share of the NAS turned round", `${nasFree} > 0.15`, "alerts/fires-when-healthy"],
  ["a pool's room turned round", `${free} > 15`, "alerts/fires-when-healthy"],
  ["when a sample was scraped", `time() - timestamp(${success}) > 93600`, "alerts/silent-after-a-miss"],
  [
    "the average instant of two days",
    `time() - avg_over_time(${success}[2d]) > 97200`,
    "alerts/fires-when-healthy",
  ],
  ["a week in which each night fails", `min_over_time(${status}[7d]) != 0`, "alerts/later-than-promise"],
  [
    "the oldest of all, after ten days",
    "max(time() - backup_last_success_timestamp) > 864000",
    "alerts/later-than-promise",
  ],
  [
    "the job's name where its metrics have another",
    'time() - backup_last_success_timestamp{job="offsite-sync-backup"} > 108000',
    "alerts/label-unknown",
  ],
  ["the name of an absence alert", `${free} < 15`, "alerts/doubly-routed", { name: "BackupDiskFullAbsent" }],
  ["the name of a job's own", `${status} != 0`, "alerts/doubly-routed", { name: "EtcdBackupFailing" }],
];

test.each(alerts.map(([what, expr, code, more = {}]) => ({ what, expr, code, more })))(
  "an alert: $what",
  ({ expr, code, more }) => {
    const name = more.name ?? "Extra";
    const told = first(({ monitoring }) =>
      monitoring.alerts?.push({ receiver: "infra", ...more, name, expr }),
    );
    expect(told).toBe(`${code} ${name}`);
  },
);

const exporters: readonly (readonly [what: string, change: (exporter: Exporter) => void, told: string])[] = [
  [
    "a mount point with a letter less",
    ({ labels }) => {
      if (labels) labels["mountpoint"] = ["/", "/srv/nfs", "/mnt/backp"];
    },
    "proxmox-host",
  ],
  [
    "a mount point that the host hasn't",
    ({ labels }) => labels?.["mountpoint"]?.push("/srv/films"),
    "proxmox-host",
  ],
  [
    "a host with a letter less",
    exporter => {
      exporter.instances = ["pv"];
    },
    "proxmox-host",
  ],
  [
    "a host's port, and a letter more",
    exporter => {
      exporter.instances = ["pvee:9100"];
    },
    "proxmox-host",
  ],
  [
    "a metric without its s",
    exporter => {
      exporter.metrics = ["node_filesystem_avail_byte", "node_filesystem_size_bytes"];
    },
    "proxmox-host",
  ],
  [
    "a label with a letter less",
    exporter => {
      exporter.labels = { mountpont: ["/", "/srv/nfs", "/mnt/backup"] };
    },
    "proxmox-host",
  ],
];

test.each(exporters)("an exporter: %s", (_, change, subject) => {
  const findings = runChecks(
    planOf(parseEstate(exampleWith(({ monitoring }) => monitoring.exporters?.forEach(change)))),
    Date.UTC(2026, 10, 1),
  );
  expect(findings.map(({ code }) => code)).toEqual(["alerts/exporter-names-nothing"]);
  expect(findings[0]?.subject).toBe(subject);
});

test("a target that is called as what each object of JavaScript has is no host", () =>
  expect(
    first(({ monitoring }) => {
      for (const exporter of monitoring.exporters ?? []) exporter.instances = ["toString"];
    }),
  ).toBeUndefined());

test("a scrape less often than Prometheus remembers is told first", () =>
  expect(
    first(({ monitoring }) => {
      monitoring.scrapeInterval = "10min";
    }),
  ).toBe("alerts/scraped-too-rarely pushgateway"));

test("an exporter that was renamed is one finding, with all alerts that miss it", () => {
  const findings = runChecks(
    planOf(
      parseEstate(
        exampleWith(({ monitoring }) => {
          monitoring.exporters?.forEach(exporter => {
            exporter.job = "node";
          });
          monitoring.alerts?.push({
            name: "HostDown",
            expr: 'up{job="proxmox-host"} == 0',
            receiver: "infra",
          });
        }),
      ),
    ),
    Date.UTC(2026, 10, 1),
  );
  expect(findings).toMatchObject([{ code: "alerts/label-unknown", subject: "BackupDiskFull" }]);
  expect(findings[0]?.message).toContain("So does HostDown.");
});
