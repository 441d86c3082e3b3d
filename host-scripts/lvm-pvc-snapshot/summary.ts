import { type lvmPvcSnapshotMetrics, snapshotMetricNames } from "../../plan/contracts/lvm-pvc-snapshot";
import type { Counted } from "../../plan/contracts/metric";
import type { Summary } from "../runtime/job-run";
import type { SnapshotRun } from "./context";
import { freePercent, percentText } from "./limits";

/** What a run tells of itself. */
export const summary: Summary<SnapshotRun, Counted<typeof lvmPvcSnapshotMetrics>> = {
  values({ found, created, removed, poolStatus, records }) {
    return {
      [snapshotMetricNames.created]: created.size,
      [snapshotMetricNames.pruned]: removed.size,
      [snapshotMetricNames.volumes]: found && found.covered.length + found.missing.length,
      [snapshotMetricNames.failed]:
        found && found.covered.filter(({ name }) => !created.has(name)).length + found.missing.length,
      [snapshotMetricNames.poolFree]: poolStatus && round(100 - poolStatus.dataPercent),
      [snapshotMetricNames.metadataFree]: poolStatus && round(100 - poolStatus.metadataPercent),
      [snapshotMetricNames.recordsFree]: records && round(freePercent(records)),
    };
  },
  figures: ({ found, created, removed, failed, poolStatus }) => ({
    ...(found && { volumes: found.covered.length + found.missing.length }),
    created: created.size,
    removed: [...removed],
    failed: [...failed.keys()],
    ...(found && { missing: found.missing.map(({ volume }) => volume) }),
    ...(poolStatus && {
      dataPercent: round(poolStatus.dataPercent),
      metadataPercent: round(poolStatus.metadataPercent),
    }),
  }),
  done({ config, created, removed, poolStatus }, seconds) {
    const pool = poolStatus
      ? `; pool ${config.vg}/${config.pool} has ${percentText(poolStatus.dataPercent)} of its data and ${percentText(poolStatus.metadataPercent)} of its metadata in use`
      : "";
    return `${created.size} volumes have a new snapshot, ${removed.size} old ones were removed in ${seconds} s${pool}`;
  },
};

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}
