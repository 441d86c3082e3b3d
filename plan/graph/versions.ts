import { firings } from "../calendar";
import type { Job } from "../job";
import type { Copy, Way } from "./copies";

/** What a copy holds over time: its n-th version was read from the live data at `readMs[n]`, and is there from `availableMs[n]` on. */
export interface Versions {
  readonly readMs: readonly number[];
  readonly availableMs: readonly number[];
}

/** Runs of a job in the order of their starts, as epoch ms. */
export interface Runs {
  /** When the calendar asked for the run; earlier than its start if it had to wait for another job. */
  readonly queuedMs: readonly number[];
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
}

/** A span of time, as epoch ms. */
export interface Horizon {
  readonly fromMs: number;
  readonly toMs: number;
  /** How long before it the jobs begin to run; by default long enough for yearly ones. */
  readonly warmUpMs?: number;
}

const yearAndMoreMs = 400 * 86_400_000;

/**
 * Runs and versions of a plan's copies over a horizon, each computed once.
 *
 * A run starts when its calendar says, or when the job that it comes after ends, and takes its usual time and the whole
 * randomised delay. It takes the newest version of its source that is complete when it starts. While a job waits or
 * runs, its calendar asks in vain (systemd.timer(5): an active unit "is not restarted, but simply left running"; a
 * CronJob's `concurrencyPolicy: Forbid`).
 */
export class Timeline {
  private readonly runs = new Map<Job, Runs>();
  private readonly versions = new Map<Way, Versions>();
  private readonly byName: ReadonlyMap<string, Job>;
  private readonly underWay = new Set<Job>();

  constructor(
    private readonly jobs: readonly Job[],
    readonly horizon: Horizon,
    /** Jobs that are thought of as other ones, by the job in the plan. */
    private readonly instead: ReadonlyMap<Job, Job> = new Map(),
    /** When each job's own calendar asks for it. */
    private readonly asked = new Map<Job, readonly number[]>(),
  ) {
    this.byName = new Map([...jobs].reverse().map(job => [`${job.host}/${job.name}`, job]));
  }

  /** The same timeline with one job thought of as another, such as one with another schedule. What doesn't hang on it is shared. */
  withJobAs(job: Job, other: Job): Timeline {
    const changed = new Timeline(
      this.jobs,
      this.horizon,
      new Map([...this.instead, [job, other]]),
      this.asked,
    );
    for (const [known, runs] of this.runs) if (!this.hangsOn(known, job)) changed.runs.set(known, runs);
    for (const [way, versions] of this.versions)
      if (!way.jobs.some(known => this.hangsOn(known, job))) changed.versions.set(way, versions);
    return changed;
  }

  runsOf(job: Job): Runs {
    const known = this.runs.get(job);
    if (known) return known;
    const { trigger, usualRunMs } = this.instead.get(job) ?? job;
    const asked = this.askedBy(job);
    this.underWay.add(job);
    const runs = runsFrom(asked, usualRunMs, trigger.randomizedDelayMs, this.precedingRuns(job));
    this.underWay.delete(job);
    this.runs.set(job, runs);
    return runs;
  }

  private askedBy(job: Job): readonly number[] {
    const { fromMs, toMs, warmUpMs = yearAndMoreMs } = this.horizon;
    const firingsOf = ({ trigger }: Job): number[] =>
      firings(trigger.schedule, trigger.zone, fromMs - warmUpMs, toMs);
    const other = this.instead.get(job);
    if (other) return firingsOf(other);
    const asked = this.asked.get(job) ?? firingsOf(job);
    this.asked.set(job, asked);
    return asked;
  }

  versionsOf({ way }: Pick<Copy, "way">): Versions {
    const known = this.versions.get(way);
    if (known) return known;
    const { startMs, endMs } = this.runsOf(way.job);
    const versions = way.from
      ? copied(startMs, endMs, this.versionsOf({ way: way.from }))
      : { readMs: startMs, availableMs: endMs };
    this.versions.set(way, versions);
    return versions;
  }

  /** Runs of the jobs that a job comes after. A circle of jobs is another's finding: here its last edge is left out. */
  private precedingRuns(job: Job): Runs[] {
    return job.trigger.after.flatMap(name => {
      const other = this.byName.get(`${job.host}/${name}`);
      return other === undefined || this.underWay.has(other) ? [] : [this.runsOf(other)];
    });
  }

  /** Whether a job's runs may change with another's: it comes after it, or after one that does. */
  private hangsOn(job: Job, other: Job, seen = new Set<Job>()): boolean {
    if (job === other) return true;
    seen.add(job);
    return job.trigger.after.some(name => {
      const before = this.byName.get(`${job.host}/${name}`);
      return before !== undefined && !seen.has(before) && this.hangsOn(before, other, seen);
    });
  }
}

function runsFrom(
  asked: readonly number[],
  usualRunMs: number,
  delayMs: number,
  preceding: readonly Runs[],
): Runs {
  const runs = { queuedMs: [] as number[], startMs: [] as number[], endMs: [] as number[] };
  const waits = preceding.map(other => new Wait(other));
  let busyUntilMs = -Infinity;
  for (const queuedMs of asked) {
    if (queuedMs < busyUntilMs) continue;
    let startMs = queuedMs;
    for (let earlierMs = -Infinity; earlierMs < startMs;) {
      earlierMs = startMs;
      for (const wait of waits) startMs = wait.until(startMs);
    }
    // The delay is the worst of many: it makes a copy late, but the next run needn't wait for it.
    busyUntilMs = startMs + usualRunMs;
    runs.queuedMs.push(queuedMs);
    runs.startMs.push(startMs);
    runs.endMs.push(startMs + delayMs + usualRunMs);
  }
  return runs;
}

/** Waiting for another job while it waits or runs (systemd.unit(5), After=). Asked with instants that only grow. */
class Wait {
  private latest = 0;
  constructor(private readonly other: Runs) {}

  until(atMs: number): number {
    const { queuedMs, endMs } = this.other;
    while ((queuedMs[this.latest + 1] ?? Infinity) <= atMs) this.latest++;
    const hasBegun = (queuedMs[this.latest] ?? Infinity) <= atMs;
    return hasBegun ? Math.max(atMs, endMs[this.latest] ?? atMs) : atMs;
  }
}

/** A run copies the newest version that is complete at its start; the first runs may find none. */
function copied(startMs: readonly number[], endMs: readonly number[], source: Versions): Versions {
  const readMs: number[] = [];
  const availableMs: number[] = [];
  let newest = -1;
  for (let index = 0; index < startMs.length; index++) {
    const start = startMs[index] ?? 0;
    while ((source.availableMs[newest + 1] ?? Infinity) <= start) newest++;
    const read = source.readMs[newest];
    const end = endMs[index];
    if (read === undefined || end === undefined) continue;
    readMs.push(read);
    availableMs.push(end);
  }
  return { readMs, availableMs };
}
