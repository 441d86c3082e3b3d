import { firings } from "../calendar";
import type { Job } from "../job";
import { type Copy, chainOf } from "./copies";

/** What a copy holds over time: its n-th version was read from the live data at `readMs[n]`, and is there from `availableMs[n]` on. */
export interface Versions {
  readonly readMs: readonly number[];
  readonly availableMs: readonly number[];
}

/** Starts of a job and the ends of these runs, ascending, as epoch ms. */
export interface Runs {
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
}

/** A span of time, as epoch ms. */
export interface Horizon {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A year more than the rarest usual schedule needs, so that each copy has a version when the horizon begins. */
const warmUpMs = 400 * 86_400_000;

/**
 * Runs and versions of a plan's copies over a horizon, each computed once.
 *
 * A run starts when its calendar says, or when the job that it comes after ends, and takes its usual time and the whole
 * randomised delay. It takes the newest version of its source that is complete when it starts.
 */
export class Timeline {
  private readonly runs = new Map<Job, Runs>();
  private readonly versions = new Map<string, Versions>();

  constructor(
    private readonly jobs: readonly Job[],
    readonly horizon: Horizon,
  ) {}

  runsOf(job: Job): Runs {
    const known = this.runs.get(job);
    if (known) return known;
    const { schedule, zone, after, randomizedDelayMs } = job.trigger;
    const startMs = firings(schedule, zone, this.horizon.fromMs - warmUpMs, this.horizon.toMs);
    for (const name of after) {
      const other = this.jobs.find(candidate => candidate.name === name && candidate.host === job.host);
      if (other) waitFor(startMs, this.runsOf(other));
    }
    const runs = { startMs, endMs: startMs.map(start => start + randomizedDelayMs + job.usualRunMs) };
    this.runs.set(job, runs);
    return runs;
  }

  versionsOf(copy: Copy): Versions {
    const key = chainKey(copy);
    const known = this.versions.get(key);
    if (known) return known;
    const { startMs, endMs } = this.runsOf(copy.job);
    const versions = copy.from
      ? copied(startMs, endMs, this.versionsOf(copy.from))
      : { readMs: startMs, availableMs: endMs };
    this.versions.set(key, versions);
    return versions;
  }
}

/** The jobs on the way of a copy: copies with the same key have the same versions. */
export function chainKey(copy: Copy): string {
  return chainOf(copy)
    .map(({ job }) => `${job.host}/${job.name}`)
    .join(" > ");
}

/** Moves each start to the end of the other job's run that is under way then (systemd.unit(5), After=). */
function waitFor(startMs: number[], other: Runs): void {
  let next = 0;
  for (const [index, start] of startMs.entries()) {
    while ((other.startMs[next + 1] ?? Infinity) <= start) next++;
    const end = other.endMs[next];
    if (end !== undefined && (other.startMs[next] ?? Infinity) <= start && end > start) startMs[index] = end;
  }
}

/** A run copies the newest version that is complete at its start; the first runs may find none. */
function copied(startMs: readonly number[], endMs: readonly number[], source: Versions): Versions {
  const readMs: number[] = [];
  const availableMs: number[] = [];
  let newest = -1;
  for (const [index, start] of startMs.entries()) {
    while ((source.availableMs[newest + 1] ?? Infinity) <= start) newest++;
    const read = source.readMs[newest];
    const end = endMs[index];
    if (read === undefined || end === undefined) continue;
    readMs.push(read);
    availableMs.push(end);
  }
  return { readMs, availableMs };
}
