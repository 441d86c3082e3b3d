import { parseEstate, planOf } from "../../plan";
import { type ExampleEstate, exampleWith } from "../../plan/estate/example";
import { runChecks } from "../index";

/** What whoever wrote it is told: the schema's fault, or each finding and its fix. */
function told(change: (estate: ExampleEstate) => void): string[] {
  try {
    return runChecks(planOf(parseEstate(exampleWith(change))), Date.UTC(2026, 10, 1)).map(
      ({ code, message, fix }) => `${code}: ${message} Fix: ${fix}`,
    );
  } catch (error) {
    return String(error).split("\n").slice(1);
  }
}

const alert = (expr: string, more: object = {}) =>
  told(({ monitoring }) => monitoring.alerts?.push({ name: "Extra", expr, receiver: "infra", ...more }));
const low = 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15';

test.each([
  [
    "a job that doesn't exist",
    alert('time() - nfs_mirror_last_success_timestamp{job="nfs-miror"} > 97200'),
    'alerts/label-unknown: Extra selects nfs_mirror_last_success_timestamp{job="nfs-miror"}, and no series of nfs_mirror_last_success_timestamp has job="nfs-miror" (it has "nfs-mirror"). Fix: Write job="nfs-mirror".',
  ],
  [
    "a threshold below the gap",
    told(({ layers }) => {
      for (const mirror of layers["nfs-mirror"]) mirror.alert = { receiver: "infra", staleAfter: "25h" };
    }),
    "schedule/stale-below-gap: nfs-mirror alerts when its last success is 25 h old, but on a healthy day it can be 25 h 47 min: the runs of 2026-10-24T23:00:00.000Z and 2026-10-26T00:00:00.000Z start 25 h apart (Europe/Sofia), the second may take 45 min, and its metric takes 1 min 15 s to be seen. Fix: Remove alert.staleAfter, or set it to 25 h 48 min at least.",
  ],
  [
    "an own alert's threshold below the gap",
    alert('time() - nfs_mirror_last_success_timestamp{job="nfs-mirror"} > 86400'),
    'alerts/fires-when-healthy: Extra fires at 2026-10-25T23:05Z though no run of nfs-mirror failed: its last success is 24 h 5 min old then, and healthy runs can start 25 h apart (*-*-* 02:00:00, Europe/Sofia). Fix: Write time() - nfs_mirror_last_success_timestamp{job="nfs-mirror"} > 92880 (92880 s are 25 h 48 min).',
  ],
  [
    "an unknown receiver",
    alert(low, { receiver: "infa" }),
    '  estate.monitoring.alerts[1].receiver: "infa" names no receiver (known: "infra"). Did you mean "infra"?',
  ],
  [
    "an address in clear text, which isn't shown",
    told(({ receivers }) => {
      Object.assign(receivers["infra"] ?? {}, { webhookSecret: "https://hooks.slack.example/T0/B0/word" });
    }),
    '  estate.receivers.infra.webhookSecret: a text of 38 characters can\'t stand here: expected fields in braces, e.g. {"name":"slack","key":"url"}',
  ],
  [
    "labels that explode",
    told(({ monitoring }) => {
      const many = Array.from({ length: 150 }, (_, value) => `${value}`);
      Object.assign(monitoring.exporters?.[0] ?? {}, {
        labels: { mountpoint: ["/mnt/backup"], user: many, id: many },
      });
    }),
    '  estate.monitoring.exporters[0].labels: {"mountpoint":["/mnt/backup"],"user":["0","1","2","3","4","5","6","7","8","9"...: expected at most 10000 series of a metric, and the values of mountpoint, user, id make 22500 of each: list those that alerts speak of, and leave out a label that each thing has another value of',
  ],
  [
    "two rules of one name",
    told(({ monitoring }) => {
      const other = low.replace("pool_free", "pool_metadata_free");
      for (const expr of [low, other]) monitoring.alerts?.push({ name: "Extra", expr, receiver: "infra" });
    }),
    'alerts/doubly-routed: Extra is the name of two alerts: lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15 (to infra), and lvm_snapshot_thinpool_metadata_free_pct{job="lvm-pvc-snapshot"} < 15 (to infra). Fix: Give one of them another name, e.g. Extra2.',
  ],
  [
    "a broken expression",
    alert("lvm_snapshot_thinpool_free_pct{ < 15"),
    'alerts/syntax: Extra: "lvm_snapshot_thinpool_free_pct{ < 15" isn\'t PromQL at character 33, near "< 15". Fix: Mend the expression, at character 33.',
  ],
  [
    "a broken regular expression",
    alert('up{job=~"proxmox-(host"} == 0'),
    String.raw`alerts/syntax: Extra: "up{job=~\"proxmox-(host\"} == 0" has a regular expression that Prometheus refuses: "proxmox-(host" lacks a ")" at character 4, near "job=~\"proxmox-(host\"". Fix: Close it, or write "\\(" for a parenthesis itself, at character 4.`,
  ],
])("%s", (_, says, expected) => expect(says.join("\n")).toBe(expected));
