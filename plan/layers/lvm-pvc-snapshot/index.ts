import { snapshotJobName } from "../../contracts/lvm-pvc-snapshot";
import type { Layer } from "../layer";
import { lvmPvcSnapshotJob } from "./jobs";
import { lvmPvcSnapshotSpec } from "./spec";

/** Thin snapshots of the volumes in a pool. */
export const lvmPvcSnapshot: Layer<"lvm-pvc-snapshot", typeof lvmPvcSnapshotSpec> = {
  name: "lvm-pvc-snapshot",
  summary: "Thin snapshots of the volumes of a pool",
  spec: lvmPvcSnapshotSpec,
  gives: [],
  begins: ({ host, pool, kinds, receiver }) =>
    pool !== undefined && kinds.has("volume")
      ? {
          ...{ host, pool, schedule: { onCalendar: "*-*-* 00,12:00:00" }, keep: { age: "7d" } },
          ...{ usualRun: "1min", budget: "10min", promise: { rpo: "14h" }, alert: { receiver } },
        }
      : undefined,
  runs: part => [{ ...part, job: snapshotJobName, at: [] }],
  references({ host, pool, cluster }, at, look) {
    look.pool([...at, "pool"], host, pool);
    if (cluster !== undefined) look.cluster([...at, "cluster"], cluster);
  },
  jobs: (part, estate) => [lvmPvcSnapshotJob(part, estate)],
};
