import { partMetric, type Counted } from "../../plan/contracts/metric";
import type { dailyBackupMetrics } from "../../plan/contracts/daily-backup";
import { volumeMetrics } from "../../plan/contracts/daily-backup";
import type { nfsMirrorMetrics } from "../../plan/contracts/nfs-mirror";
import { family } from "./metric-text";
import type { JobRun, Summary } from "./job-run";

// What a job counts is checked by the compiler, in each check of types: a line below that compiles is an error there.
const rest = { figures: () => ({}), done: () => "" };
const maybe = Date.now() > 0;

test("a run tells each metric of its job that it counts, by its name, and no other", () => {
  const summaries: readonly Summary<JobRun, Counted<typeof dailyBackupMetrics>>[] = [
    {
      ...rest,
      values: () => ({
        daily_backup_bytes_synced: 1,
        daily_backup_failed_volumes: 0,
        daily_backup_content_differences: undefined,
      }),
    },
    {
      ...rest,
      // @ts-expect-error one is misspelt
      values: () => ({
        daily_backup_bytes_synced: 1,
        daily_backup_failed_volume: 0,
        daily_backup_content_differences: 0,
      }),
    },
    {
      ...rest,
      // @ts-expect-error one is misspelt where it isn't always told
      values: () => ({
        daily_backup_bytes_synced: 1,
        daily_backup_failed_volumes: 0,
        ...(maybe && { daily_backup_content_difference: 0 }),
      }),
    },
    {
      ...rest,
      // @ts-expect-error another job's
      values: () => ({ nfs_mirror_bytes: 1, nfs_mirror_held_bytes: 1, nfs_mirror_held_entries: 1 }),
    },
  ];
  expect(summaries).toHaveLength(4);
  const own: readonly Counted<typeof nfsMirrorMetrics>[] = [
    "nfs_mirror_bytes",
    "nfs_mirror_held_bytes",
    // @ts-expect-error the runtime tells this one itself
    "nfs_mirror_last_status",
  ];
  expect(own).toHaveLength(3);
});

test("a series has each label of its metric", () => {
  const [age] = volumeMetrics;
  const labels = { namespace: "paperless", claim: "data", volume: "vm-1-pvc-1" };
  expect(family(age, [{ labels, value: 5 }])).toEqual({
    name: "daily_backup_volume_last_success_timestamp",
    help: age.help,
    part: "volumes",
    series: [{ labels, value: 5 }],
  });
  const { volume, ...others } = labels;
  // @ts-expect-error one is left out
  family(age, [{ labels: others, value: 5 }]);
  // @ts-expect-error one is misspelt
  family(age, [{ labels: { ...others, volumes: volume }, value: 5 }]);
  expect(partMetric("volumes", "x_age", "Age", ["claim"])).toEqual({
    ...{ name: "x_age", help: "Age", emitted: "any-end", meaning: "other" },
    labels: { part: "volumes", claim: "*" },
  });
});
