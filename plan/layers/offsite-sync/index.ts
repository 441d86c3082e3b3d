import type { Layer } from "../layer";
import { offsiteSyncJob, offsiteSyncJobName } from "./jobs";
import { offsiteSyncSpec } from "./spec";

/** What a host sends away. */
export const offsiteSync: Layer<"offsite-sync", typeof offsiteSyncSpec> = {
  name: "offsite-sync",
  spec: offsiteSyncSpec,
  runs: part => [{ ...part, job: offsiteSyncJobName, at: [] }],
  references({ host, destination, legs }, at, look) {
    look.destination([...at, "destination"], destination);
    legs.forEach((leg, index) => look.below([...at, "legs", index, "from"], host, leg.from));
  },
  jobs: (part, estate) => [offsiteSyncJob(part, estate)],
};
