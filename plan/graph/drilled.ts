import type { Plan } from "..";
import { type Drills, isOnlyPlanned, type Job } from "../job";
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

/** Jobs that restore for proof, on all machines or one. */
export function drillersOf({ jobs }: Plan, host?: string): Driller[] {
  return jobs.flatMap(job =>
    !isOnlyPlanned(job) && job.drills && (host === undefined || job.host === host)
      ? [{ job, drills: job.drills }]
      : [],
  );
}

/** What a copy is to the job that drills it; undefined for one that it doesn't drill, or that has a name which only the cluster knows. */
export function drilledAs(driller: Driller, copy: Copy): Drilled | undefined {
  const tier = tierOf(driller, copy);
  const name = tier?.called ?? (tier?.isSent === true ? nameOfSent(driller, copy) : nameIn(copy));
  return tier && name !== undefined ? { tier: tier.tier, name } : undefined;
}

/** Whether a job drills a copy, whatever its program calls that. */
export function isDrilled(drillers: readonly Driller[], copy: Copy): boolean {
  return drillers.some(driller => tierOf(driller, copy) !== undefined);
}

function tierOf(driller: Driller, { job: maker, location, from }: Copy): Drills["tiers"][number] | undefined {
  if (maker.host !== driller.job.host) return undefined;
  const tier = driller.drills.tiers.find(
    ({ job, below }) => maker.name === job && isBelow(location.path, below),
  );
  // What nobody drills here, nobody knows there either.
  return tier?.isSent === true && from && tierOf(driller, from)?.sentAs === undefined ? undefined : tier;
}

function nameOfSent(driller: Driller, { from, dataset }: Copy): string | undefined {
  if (!from) return dataset.location.path;
  const name = drilledAs(driller, from)?.name;
  return name === undefined ? undefined : `${tierOf(driller, from)?.sentAs ?? ""}${name}`;
}
