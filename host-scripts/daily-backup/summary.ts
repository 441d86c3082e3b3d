import { dailyBackupMetricNames, type dailyBackupMetrics } from "../../plan/contracts/daily-backup";
import type { Counted } from "../../plan/contracts/metric";
import type { Summary } from "../runtime/job-run";
import type { DailyBackup } from "./daily-backup";
import { failedTasks } from "./judge";

/** What a run tells of itself. */
export const summary: Summary<DailyBackup, Counted<typeof dailyBackupMetrics>> = {
  values: run => ({
    [dailyBackupMetricNames.bytes]: run.bytes,
    [dailyBackupMetricNames.failedVolumes]: run.tasks && failedTasks(run).length,
    [dailyBackupMetricNames.differences]: run.differences,
  }),
  figures: run => ({
    volumes: run.tasks?.length,
    copied: count(run, "copied"),
    unchanged: count(run, "unchanged"),
    failed: failedTasks(run).length,
    bytes: run.bytes,
  }),
  done: (run, seconds) =>
    `${count(run, "copied") + count(run, "unchanged")} volumes have a good copy: ${count(run, "copied")} copied (${run.bytes} bytes), ${count(run, "unchanged")} unchanged, in ${seconds} s`,
};

function count(run: DailyBackup, kind: "copied" | "unchanged"): number {
  return [...run.outcomes.values()].filter(outcome => outcome.kind === kind).length;
}
