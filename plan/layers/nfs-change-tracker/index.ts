import { changeTrackerJobName } from "../../contracts/nfs-change-tracker";
import type { Layer } from "../layer";
import { nfsChangeTrackerJob } from "./jobs";
import { nfsChangeTrackerSpec } from "./spec";

/** A daemon that notes what changes in a host's folders. It copies nothing, and is judged by its heartbeat. */
export const nfsChangeTracker: Layer<"nfs-change-tracker", typeof nfsChangeTrackerSpec> = {
  name: "nfs-change-tracker",
  spec: nfsChangeTrackerSpec,
  gives: ["notes of what changes"],
  runs: part => [{ ...part, job: changeTrackerJobName, at: [] }],
  references({ host, watches }, at, look) {
    watches.forEach((folder, index) => look.below([...at, "watches", index], host, folder));
  },
  jobs: (part, estate) => [nfsChangeTrackerJob(part, estate)],
};
