import { parseEstate, planOf } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { seriesOf } from "../series";
import { evaluate } from "./evaluate";
import { parsePromql } from "./parse";

const index = seriesOf(planOf(parseEstate(exampleEstate())));
const disk = (metric: string) => `node_filesystem_${metric}_bytes{mountpoint="/mnt/backup"}`;

function outcome(text: string): string[] {
  const seen: string[] = [];
  evaluate(parsePromql(text), index, { compared: (_, outcomes) => seen.push(...outcomes) });
  return seen;
}

test.each([
  ['backup_last_status{job="etcd-backup"} != 0', ["maybe"]],
  ['backup_last_status{job="etcd-backup"} > 255', ["never"]],
  ['backup_last_status{job="etcd-backup"} >= 0', ["always"]],
  ['backup_last_success_timestamp{job="etcd-backup"} > 129600', ["always"]],
  ['time() - backup_last_success_timestamp{job="etcd-backup"} > 129600', ["maybe"]],
  ['time() - backup_last_success_timestamp{job="etcd-backup"} > 1296000000', ["never"]],
  [`${disk("avail")} / ${disk("size")} < 15`, ["always"]],
  [`${disk("avail")} / ${disk("size")} < 0.15`, ["maybe"]],
  [`(1 - ${disk("avail")} / ${disk("size")}) * 100 > 120`, ["never"]],
  ['predict_linear(node_filesystem_avail_bytes{mountpoint="/"}[6h], 86400) < 0', ["maybe"]],
  ["lvm_snapshot_thinpool_free_pct < 15", ["maybe"]],
  ["up > 1", ["never"]],
  ["count(up) < 1", ["never"]],
  ["1 > bool 2", ["never"]],
])("%s holds %j", (text, outcomes) => expect(outcome(text)).toEqual(outcomes));

const labels = (text: string): unknown => {
  const result = evaluate(parsePromql(text), index);
  return result.kind === "vector" ? result.samples.map(sample => sample.labels) : result.kind;
};

test.each([
  ['{job="etcd-backup"} and on(instance) backup_bytes{job="vault-backup"}', 6],
  ["backup_bytes - backup_last_status", 3],
  ['backup_bytes{job="etcd-backup"} / backup_bytes{job="vault-backup"}', 0],
  ['backup_bytes{job="etcd-backup"} / ignoring(job) backup_bytes{job="vault-backup"}', 1],
  ["node_filesystem_avail_bytes / node_filesystem_size_bytes", 3],
  ["node_filesystem_avail_bytes * on(job, instance) group_left up", 3],
  ['node_filesystem_avail_bytes{mountpoint=~"/srv.*"}', 1],
  ['node_filesystem_avail_bytes{mountpoint!="/"}', 2],
])("%s gives %i series", (text, count) => expect(labels(text)).toHaveLength(count));

test("absent carries the labels that it asks for", () =>
  expect(labels('absent(up{job="a",instance=~"b"})')).toEqual([{ job: "a" }]));

test("knows nothing of labels that are made up on the way", () =>
  expect(labels('label_replace(up, "host", "$1", "instance", "(.*)")')).toBe("unknown"));

test("a label whose values only a run knows may have any", () =>
  expect(
    labels('daily_backup_volume_last_success_timestamp{namespace="forgejo",claim=~"data-.*"}'),
  ).toHaveLength(1));
