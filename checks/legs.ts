import type { Job, Location } from "../plan/job";
import { sameMachine } from "../plan/layers/places";
import { type Said, saidOf } from "./said";

/** What a job sends from a folder of one machine to one of another, both as its part of the estate says them. */
export interface Leg {
  readonly from: Location;
  readonly to: string;
  /** Entries of the folder that it carries; left out, all but the excluded ones. */
  readonly only?: readonly string[];
  readonly said: Said;
}

/** The legs of a job, in the estate's order; none for what copies on one machine. */
export function legsOf(job: Job): Leg[] {
  return job.flows.flatMap(flow => {
    const { source, target } = flow;
    const said = saidOf(job, flow);
    if (source.kind !== "tree" || !said || sameMachine(source.location.machine, target.machine)) return [];
    const { location: from, only } = source;
    return [{ from, to: target.path, ...(only && { only }), said }];
  });
}
