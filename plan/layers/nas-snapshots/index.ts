import type { Layer } from "../layer";
import { nasSnapshotsJob } from "./jobs";
import { nasSnapshotsSpec } from "./spec";

/** A NAS's own snapshots of a share. */
export const nasSnapshots: Layer<"nas-snapshots", typeof nasSnapshotsSpec> = {
  name: "nas-snapshots",
  spec: nasSnapshotsSpec,
  runs: ({ schedule, alert }) => [{ job: "nas-snapshots", at: [], schedule, alert }],
  references({ destination }, at, look) {
    look.destination([...at, "destination"], destination);
  },
  jobs: (part, estate) => [nasSnapshotsJob(part, estate)],
};
