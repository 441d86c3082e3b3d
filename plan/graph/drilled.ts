import type { Plan } from "..";
import { type Drills, isHosted, type Job } from "../job";
import { isBelow } from "../layers/places";
import type { Copy } from "./copies";
import { nameIn } from "./restore-steps";

/** A job that restores copies for proof. */
export interface Driller {
  readonly job: Job;
  readonly drills: Drills;
}

/** A copy as the program of its job knows it. */
export interface Drilled {
  readonly tier: string;
  readonly name: string;
}

/** Jobs that restore for proof, on all hosts or one. */
export function drillersOf({ jobs }: Plan, host?: string): Driller[] {
  return jobs.flatMap(job =>
    isHosted(job) && job.drills && (host === undefined || job.host === host)
      ? [{ job, drills: job.drills }]
      : [],
  );
}

/** What a copy is to the job that drills it; undefined for one that it doesn't drill. */
export function drilledAs({ job, drills }: Driller, copy: Copy): Drilled | undefined {
  const { job: maker, location } = copy;
  const found = drills.tiers.find(
    ({ job: of, below }) => maker.host === job.host && maker.name === of && isBelow(location.path, below),
  );
  const name = found && (found.isSent === true ? nameOfSent({ job, drills }, copy) : nameIn(copy));
  return found && name !== undefined ? { tier: found.tier, name } : undefined;
}

function nameOfSent(driller: Driller, { from, dataset }: Copy): string | undefined {
  if (!from) return dataset.location.path;
  const here = drilledAs(driller, from);
  return driller.drills.tiers.some(({ tier, isSentToo }) => tier === here?.tier && isSentToo)
    ? here?.name
    : undefined;
}
