import { type Dataset, datasetsOf } from "./datasets";
import type { Estate } from "./estate/schema";
import { type Copy, copiesOf } from "./graph/copies";
import type { Job } from "./job";
import { jobsOf } from "./layers";

export { parseEstate, EstateInvalid } from "./estate/parse";
export type { Estate, EstateInput } from "./estate/schema";

/** What follows from an estate: what is needed, what runs, and which copies come of it. */
export interface Plan {
  readonly estate: Estate;
  readonly datasets: readonly Dataset[];
  readonly jobs: readonly Job[];
  readonly copies: readonly Copy[];
}

/** The plan of an estate. Pure: the same estate gives the same plan, to the byte. */
export function planOf(estate: Estate): Plan {
  const datasets = datasetsOf(estate);
  const jobs = jobsOf(estate);
  return { estate, datasets, jobs, copies: copiesOf(datasets, jobs) };
}
