import { backupScrubMetricNames, type backupScrubMetrics } from "../../plan/contracts/backup-scrub";
import type { Counted } from "../../plan/contracts/metric";
import type { Summary } from "../runtime/job-run";
import type { Scrub } from "./backup-scrub";
import { oldestVerifiedMs } from "./survey";

/** What a run tells of itself. */
export const summary: Summary<Scrub, Counted<typeof backupScrubMetrics>> = {
  values(run) {
    const oldestMs = oldestVerifiedMs(run);
    return {
      [backupScrubMetricNames.bytes]: run.read.bytes,
      [backupScrubMetricNames.files]: run.read.files,
      [backupScrubMetricNames.mended]: run.mended.length,
      [backupScrubMetricNames.rotten]: run.left?.length,
      [backupScrubMetricNames.oldestVerified]:
        oldestMs === undefined ? undefined : Math.floor(oldestMs / 1000),
    };
  },
  figures: run => ({
    ...run.read,
    ...{ mended: run.mended.length, rotten: run.left?.length, units: run.units?.length },
  }),
  done: ({ read }, seconds) =>
    `${read.files - read.recorded} files hold what was recorded of them, ${read.recorded} were recorded; ${read.bytes} bytes in ${seconds} s`,
};
