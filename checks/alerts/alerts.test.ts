import { allAlerts } from "../../alerts/alert";
import { parseEstate, planOf } from "../../plan";
import type { Check } from "../check";
import { alertExample, example } from "../examples";
import { absenceUncovered } from "./absence-uncovered";
import { alwaysFires } from "./always-fires";
import { firesWhenHealthy } from "./fires-when-healthy";
import { joinNeverMatches } from "./join-never-matches";
import { labelUnknown } from "./label-unknown";
import { metricUnknown } from "./metric-unknown";
import { pushgatewayForgets } from "./pushgateway-forgets";
import { syntax } from "./syntax";

const run = (check: Check, { estate }: ReturnType<typeof example>) =>
  check.run(planOf(parseEstate(estate)), 0);

test("names the metric that a misspelt one may have meant", () => {
  const [finding] = run(metricUnknown, alertExample("", "lvm_snapshot_thinpol_free_pct < 15"));
  expect(finding).toMatchObject({
    subject: "Extra",
    evidence: { metric: "lvm_snapshot_thinpol_free_pct", near: ["lvm_snapshot_thinpool_free_pct"] },
  });
});

test("of an age over a window, whose values aren't known, nothing is said", () =>
  expect(
    run(
      firesWhenHealthy,
      alertExample("", "time() - max_over_time(offsite_sync_oldest_verified_timestamp[1d]) > 5184000"),
    ),
  ).toEqual([]));

test("names the label values that there are", () => {
  const [finding] = run(
    labelUnknown,
    alertExample("", 'node_filesystem_avail_bytes{mountpoint="/mnt/backups"} < 1'),
  );
  expect(finding?.message).toBe(
    'Extra selects node_filesystem_avail_bytes{mountpoint="/mnt/backups"}, and no series of node_filesystem_avail_bytes has ' +
      'mountpoint="/mnt/backups" (it has "/", "/mnt/backup", "/srv/nfs").',
  );
  expect(finding?.fix).toContain('Write mountpoint="/mnt/backup"');
});

test("units, pods and CronJobs are known by any name, as the estate can't list them", () => {
  const of = example("", ({ monitoring }) => {
    monitoring.exporters?.push({
      ...{ job: "proxmox-host", instances: ["pve"] },
      metrics: ["node_time_seconds", "node_systemd_unit_state"],
    });
    monitoring.alerts?.push({
      ...{ name: "Extra", receiver: "infra" },
      expr: 'node_systemd_unit_state{name="pveproxy.service",state="failed"} == 1',
    });
  });
  expect(allAlerts(planOf(parseEstate(of.estate))).map(({ name }) => name)).toContain("JobUnitFailed");
  expect(run(labelUnknown, of)).toEqual([]);
});

test("says by which labels two sides can be joined", () => {
  const [finding] = run(
    joinNeverMatches,
    alertExample("", 'backup_bytes{job="etcd-backup"} / backup_bytes{job="vault-backup"} > 100'),
  );
  expect(finding?.fix).toBe(
    'Write backup_bytes{job="etcd-backup"} / on(instance) backup_bytes{job="vault-backup"} > 100.',
  );
  expect(finding?.evidence["counterexample"]).toEqual([
    '{job="etcd-backup",instance="k8s"}',
    '{job="vault-backup",instance="k8s"}',
  ]);
});

test("points at the character where PromQL ends", () => {
  const [finding] = run(syntax, alertExample("", "lvm_snapshot_thinpool_free_pct <"));
  expect(finding?.message).toBe(
    'Extra: "lvm_snapshot_thinpool_free_pct <" ends too early at character 33, near "the end".',
  );
});

test("a full disk's threshold in per cent of a share is always true", () => {
  const avail = 'node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes{mountpoint="/"}';
  expect(run(alwaysFires, alertExample("", `${avail} < 15`))).toHaveLength(1);
  expect(run(alwaysFires, alertExample("", `${avail} * 100 < 15`))).toEqual([]);
});

test("counts the jobs that a forgetful Pushgateway hides, and the longest time", () => {
  const forgetful = example("", ({ monitoring, layers }) => {
    monitoring.pushgatewayPersistent = false;
    const [mirror] = layers["nfs-mirror"];
    if (mirror) mirror.schedule = { onCalendar: "*-*-01 02:00:00" };
  });
  const [finding] = run(pushgatewayForgets, forgetful);
  const { jobs } = planOf(parseEstate(forgetful.estate));
  // The change tracker and the look at what is in force push each hour.
  expect(finding?.message).toContain(
    `${jobs.length - 2} of ${jobs.length} jobs push less often than every 2 h. nfs-mirror `,
  );
  expect(finding?.evidence).toMatchObject({ unseenMs: (31 * 24 + 1) * 3_600_000 });
});

test("an absence that only up watches is not covered: a mount can go while the exporter stays", () => {
  const findings = run(
    absenceUncovered,
    example("", ({ monitoring }) => {
      monitoring.alerts = [
        ...(monitoring.alerts ?? []).map(alert => ({ ...alert, absence: false })),
        { name: "HostDown", expr: 'up{job="proxmox-host"} == 0', receiver: "infra" },
      ];
    }),
  );
  expect(findings.map(({ subject }) => subject)).toEqual(["BackupDiskFull"]);
});
