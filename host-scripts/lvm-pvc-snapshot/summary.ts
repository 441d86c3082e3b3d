import { snapshotMetricNames } from "../../plan/contracts/lvm-pvc-snapshot";
import type { Summary } from "../runtime/job-run";
import type { SnapshotRun } from "./context";
import { percentText } from "./limits";

/** What a run tells of itself. */
export const summary: Summary<SnapshotRun> = {
  values({ found, created, removed, poolStatus }) {
    const covered = found && { [snapshotMetricNames.volumes]: found.covered.length + found.missing.length };
    const without = found && {
      [snapshotMetricNames.failed]:
        found.covered.filter(({ name }) => !created.has(name)).length + found.missing.length,
    };
    return {
      [snapshotMetricNames.created]: created.size,
      [snapshotMetricNames.pruned]: removed.size,
      ...covered,
      ...without,
      ...(poolStatus && {
        [snapshotMetricNames.poolFree]: round(100 - poolStatus.dataPercent),
        [snapshotMetricNames.metadataFree]: round(100 - poolStatus.metadataPercent),
      }),
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
