import { changeTrackerJobName } from "../../contracts/nfs-change-tracker";
import { slipOf } from "../../contracts/near";
import type { Layer } from "../layer";
import { nfsChangeTrackerJob } from "./jobs";
import { nfsChangeTrackerSpec } from "./spec";

/** A daemon that notes what changes in a host's folders. It copies nothing, and is judged by its heartbeat. */
export const nfsChangeTracker: Layer<"nfs-change-tracker", typeof nfsChangeTrackerSpec> = {
  name: "nfs-change-tracker",
  summary: "Daemons that note which paths change, for runs that copy no more than that",
  spec: nfsChangeTrackerSpec,
  gives: ["notes of what changes"],
  runs: part => [{ ...part, job: changeTrackerJobName, at: [] }],
  references({ host, watches }, at, look, estate) {
    const known = [
      ...Object.keys(estate.hosts[host]?.filesystems ?? {}),
      ...estate.layers["offsite-sync"].flatMap(({ legs }) => legs.map(({ from }) => from)),
    ];
    watches.forEach((folder, index) => {
      const meant = known.includes(folder) ? undefined : slipOf(folder, known);
      if (meant === undefined) look.below([...at, "watches", index], host, folder);
      else
        look.fault(
          [...at, "watches", index],
          folder,
          `is no file system of ${host} and no leg's folder. Did you mean "${meant}"?`,
        );
    });
  },
  jobs: (part, estate) => [nfsChangeTrackerJob(part, estate)],
};
