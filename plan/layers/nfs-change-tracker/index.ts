import type { Layer } from "../layer";
import { changeTrackerJobName, nfsChangeTrackerJob } from "./jobs";
import { nfsChangeTrackerSpec } from "./spec";

/** A daemon that notes what changes in a host's folders. It copies nothing, and is judged by its heartbeat. */
export const nfsChangeTracker: Layer<"nfs-change-tracker", typeof nfsChangeTrackerSpec> = {
  name: "nfs-change-tracker",
  spec: nfsChangeTrackerSpec,
  runs: part => [{ ...part, job: changeTrackerJobName, at: [] }],
  references: () => undefined,
  jobs: (part, estate) => [nfsChangeTrackerJob(part, estate)],
};
