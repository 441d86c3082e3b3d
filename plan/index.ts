import type { Estate } from "./estate/schema";
import type { Job } from "./job";
import { nfsMirrorJobs } from "./layers/nfs-mirror/jobs";

export { parseEstate, EstateInvalid } from "./estate/parse";
export type { Estate, EstateInput } from "./estate/schema";

/** What follows from an estate: every job, with its units, thresholds and metrics. */
export interface Plan {
  readonly estate: Estate;
  readonly jobs: readonly Job[];
}

/** The plan of an estate. Pure: the same estate gives the same plan, to the byte. */
export function planOf(estate: Estate): Plan {
  return { estate, jobs: nfsMirrorJobs(estate) };
}
