import { parseEstate, planOf } from "../plan";
import { exampleEstate, exampleWith } from "../plan/estate/example";
import { allAlerts } from "./alert";
import { ruleGroups } from "./groups";

const plan = planOf(parseEstate(exampleEstate()));

test("every job has three alerts and its own, and every alert of the estate one and its absence alert", () => {
  const alerts = allAlerts(plan);
  for (const { name, alerts: own } of plan.jobs)
    expect(
      alerts.filter(alert => alert.origin === "job" && alert.of === name && !isTrend(alert)),
    ).toHaveLength(3 + own.length);
  expect(alerts.filter(({ origin }) => origin !== "job").map(({ name }) => name)).toEqual([
    "BackupDiskFull",
    "BackupDiskFullAbsent",
    "PushgatewayGone",
    "RestoreDrillOverRto",
    "BackupDiskFullSoon",
  ]);
});

test("an absence alert names no value of a label that may have any", () => {
  const all = planOf(
    parseEstate(
      exampleWith(({ monitoring }) => {
        monitoring.exporters?.push({
          ...{ job: "proxmox-host", instances: ["pve"], metrics: ["node_systemd_unit_state"] },
        });
        monitoring.alerts = [
          {
            ...{ name: "PveproxyFailed", receiver: "infra" },
            expr: 'node_systemd_unit_state{name="pveproxy.service",state="failed"} == 1',
          },
        ];
      }),
    ),
  );
  expect(allAlerts(all).find(({ origin }) => origin === "absence")?.rule.expr).toBe(
    'absent(node_systemd_unit_state{job="proxmox-host",instance="pve"})',
  );
});

const isTrend = ({ name }: { readonly name: string }): boolean => name.endsWith("OverBudgetSoon");

test("runs that grow towards their budget are told of each day's job, and of none that does as much as there is time for", () => {
  const followed = allAlerts(plan)
    .filter(isTrend)
    .map(({ of }) => of);
  expect(followed).toEqual(plan.jobs.map(({ name }) => name).filter(name => followed.includes(name)));
  expect(followed).toEqual(expect.arrayContaining(["lvm-pvc-snapshot", "nfs-mirror", "daily-backup"]));
  for (const name of ["backup-scrub", "restore-drill", "vm-images"]) expect(followed).not.toContain(name);
});

test("an absence alert watches one series of each target, as an exporter's metrics come and go together", () => {
  const absence = allAlerts(plan).find(({ name }) => name === "BackupDiskFullAbsent");
  expect(absence?.rule).toMatchObject({
    expr: 'absent(node_filesystem_avail_bytes{job="proxmox-host",instance="pve",mountpoint="/mnt/backup"})',
    for: "900s",
    labels: { severity: "warning", receiver: "infra", holdfast_job: "estate", namespace: "monitoring" },
  });
});

test("an alert over three mount points has an absence alert for each", () => {
  const all = planOf(
    parseEstate(
      exampleWith(({ monitoring }) => {
        monitoring.alerts = [
          { name: "DiskFull", expr: "node_filesystem_avail_bytes < 1e9", receiver: "infra" },
        ];
      }),
    ),
  );
  const absence = allAlerts(all).find(({ origin }) => origin === "absence");
  expect(absence?.rule.expr.split(" or ")).toHaveLength(3);
});

test("groups carry durations that Prometheus reads", () => {
  const minute = planOf(
    parseEstate(
      exampleWith(({ monitoring }) => {
        monitoring.evaluationInterval = "1min";
      }),
    ),
  );
  const groups = ruleGroups(minute);
  expect(groups).toHaveLength(minute.jobs.length + 2);
  for (const { interval, rules } of groups)
    for (const duration of [interval, ...rules.map(rule => rule.for)]) expect(duration).toMatch(/^\d+s$/);
});

test("a volume's copy is as old as the job's last success may be, and a pool is low where it is thinned out", () => {
  const expr = (name: string) => allAlerts(plan).find(alert => alert.name === name)?.rule.expr;
  const daily = plan.jobs.find(({ name }) => name === "daily-backup");
  const age = 'time() - daily_backup_volume_last_success_timestamp{job="daily-backup",instance="pve"}';
  expect(expr("DailyBackupVolumeStale")).toBe(
    `${age} > ${(daily?.judged.staleAfterMs ?? 0) / 1000} or ${age} < -3600`,
  );
  expect(expr("LVMThinPoolLow")).toBe(
    'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot",instance="pve"} < 15',
  );
  expect(expr("LVMThinPoolMetadataLow")).toBe(
    'lvm_snapshot_thinpool_metadata_free_pct{job="lvm-pvc-snapshot",instance="pve"} < 20',
  );
  expect(expr("LVMVolumeGroupMetadataLow")).toBe(
    'lvm_snapshot_vg_metadata_free_pct{job="lvm-pvc-snapshot",instance="pve"} < 5',
  );
});

test("an alert of the estate takes the place of a job's own with its name", () => {
  const own = planOf(
    parseEstate(
      exampleWith(({ monitoring }) =>
        monitoring.alerts?.push({ name: "LVMThinPoolLow", expr: "lvm_snapshot_thinpool_free_pct < 20" }),
      ),
    ),
  );
  expect(
    allAlerts(own)
      .filter(({ name }) => name === "LVMThinPoolLow")
      .map(({ origin }) => origin),
  ).toEqual(["estate"]);
});
