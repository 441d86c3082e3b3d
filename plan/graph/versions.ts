import { countUntil } from "../ascending";
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

/** A job that is thought of as another one, such as one with another schedule, and all whose runs may change with it. */
interface Change {
  readonly of: Timeline;
  readonly job: Job;
  readonly other: Job;
  readonly hanging: ReadonlySet<Job>;
}

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
  private readonly hanging = new Map<Job, ReadonlySet<Job>>();
  private readonly byName: ReadonlyMap<string, Job>;
  private readonly underWay = new Set<Job>();
  /** Shared by all timelines of one horizon, so that what is asked of an estate again after an edit is known. */
  readonly alike: Alike;

  constructor(
    private readonly jobs: readonly Job[],
    readonly horizon: Horizon,
    private readonly change?: Change,
  ) {
    this.byName =
      change?.of.byName ?? new Map([...jobs].reverse().map(job => [`${job.host}/${job.name}`, job]));
    this.alike = change?.of.alike ?? alikeOver(horizon);
  }

  /** The same timeline with one job thought of as another. What doesn't hang on it is shared. */
  withJobAs(job: Job, other: Job): Timeline {
    const hanging = this.hanging.get(job) ?? new Set(this.jobs.filter(each => this.hangsOn(each, job)));
    this.hanging.set(job, hanging);
    return new Timeline(this.jobs, this.horizon, { of: this, job, other, hanging });
  }

  runsOf(job: Job): Runs {
    if (this.change && !this.change.hanging.has(job)) return this.change.of.runsOf(job);
    const known = this.runs.get(job);
    if (known) return known;
    this.underWay.add(job);
    const runs = this.alike.runsOf(this.thoughtOf(job), this.precedingRuns(job));
    this.underWay.delete(job);
    this.runs.set(job, runs);
    return runs;
  }

  versionsOf({ way }: Pick<Copy, "way">): Versions {
    const { change } = this;
    if (change && !way.jobs.some(job => change.hanging.has(job))) return change.of.versionsOf({ way });
    const known = this.versions.get(way);
    if (known) return known;
    const source = way.from && this.versionsOf({ way: way.from });
    const versions = this.alike.versionsOf(this.runsOf(way.job), source);
    this.versions.set(way, versions);
    return versions;
  }

  /** The same, from when each of them counts as a copy. */
  countedOf(way: Way): Versions {
    const versions = this.versionsOf({ way });
    return way.countsAfterMs === 0 ? versions : this.alike.laterBy(way.countsAfterMs, versions);
  }

  /** Of the same, the one that is there at `fromMs` and those that come before `toMs`: found by those of each job that they need. */
  countedWithin(way: Way, fromMs: number, toMs: number): Versions {
    const { countsAfterMs } = way;
    const { readMs, availableMs } = this.versionsWithin(way, fromMs - countsAfterMs, toMs - countsAfterMs);
    return { readMs, availableMs: availableMs.map(ms => ms + countsAfterMs) };
  }

  private versionsWithin(way: Way, fromMs: number, toMs: number): Versions {
    const { startMs, endMs } = this.runsOf(way.job);
    const first = Math.max(0, countUntil(endMs, ms => ms <= fromMs) - 1);
    const end = countUntil(endMs, ms => ms < toMs);
    const [starts, ends] = [startMs.slice(first, end), endMs.slice(first, end)];
    const [firstMs, lastMs] = [starts[0], starts.at(-1)];
    if (!way.from || firstMs === undefined || lastMs === undefined)
      return { readMs: starts, availableMs: ends };
    return copied(starts, ends, this.versionsWithin(way.from, firstMs, lastMs + 1));
  }

  private thoughtOf(job: Job): Job {
    return job === this.change?.job ? this.change.other : (this.change?.of.thoughtOf(job) ?? job);
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

// Of the horizon that was asked for last: a lose has one for each instant, and years of runs each minute fill the memory.
let latest: { readonly key: string; readonly alike: Alike } | undefined;
const mostInstants = 2_000_000;

function alikeOver(horizon: Horizon): Alike {
  const key = `${horizon.fromMs} ${horizon.toMs} ${horizon.warmUpMs ?? yearAndMoreMs}`;
  if (latest?.key !== key || latest.alike.instants > mostInstants)
    latest = { key, alike: new Alike(horizon) };
  return latest.alike;
}

/**
 * Computes runs and versions, and gives the same ones for the same calendar, times and sources: hosts that are alike run
 * alike, and so do a job of each that is moved to the same hour and an estate before and after an edit.
 */
export class Alike {
  /** How many it has computed. */
  instants = 0;
  private readonly asked = new Map<string, readonly number[]>();
  private readonly runs = new Map<string, Runs>();
  private readonly ids = new Map<Runs | Versions, number>();
  private readonly read = new Map<Runs, Versions>();
  private readonly copied = new Map<Runs, Map<Versions, Versions>>();
  private readonly later = new Map<Versions, Map<number, Versions>>();

  constructor(private readonly horizon: Horizon) {}

  runsOf({ trigger, usualRunMs }: Job, preceding: readonly Runs[]): Runs {
    const { schedule, zone, randomizedDelayMs } = trigger;
    const asked = `${schedule.dialect} ${schedule.text} ${zone}`;
    const after = preceding.map(runs => this.idOf(runs)).join();
    const key = `${asked} ${usualRunMs} ${randomizedDelayMs} ${after}`;
    const known = this.runs.get(key);
    if (known) return known;
    const runs = runsFrom(this.askedBy(asked, trigger), usualRunMs, randomizedDelayMs, preceding);
    this.instants += runs.startMs.length;
    this.runs.set(key, runs);
    return runs;
  }

  /** @param source of a copier; nothing where the live data is read */
  versionsOf(runs: Runs, source: Versions | undefined): Versions {
    const { startMs, endMs } = runs;
    if (!source) {
      const versions = this.read.get(runs) ?? { readMs: startMs, availableMs: endMs };
      this.read.set(runs, versions);
      return versions;
    }
    const bySource = this.copied.get(runs) ?? new Map<Versions, Versions>();
    this.copied.set(runs, bySource);
    const known = bySource.get(source);
    if (known) return known;
    const versions = copied(startMs, endMs, source);
    this.instants += versions.readMs.length;
    bySource.set(source, versions);
    return versions;
  }

  /** Versions that are there by so much later, in ms. */
  laterBy(ms: number, versions: Versions): Versions {
    const byTime = this.later.get(versions) ?? new Map<number, Versions>();
    this.later.set(versions, byTime);
    const { readMs, availableMs } = versions;
    const found = byTime.get(ms) ?? { readMs, availableMs: availableMs.map(atMs => atMs + ms) };
    byTime.set(ms, found);
    return found;
  }

  /** A number for what is the same. */
  idOf(runs: Runs | Versions): number {
    const id = this.ids.get(runs) ?? this.ids.size;
    this.ids.set(runs, id);
    return id;
  }

  /** When a calendar asks for runs. */
  private askedBy(key: string, { schedule, zone }: Job["trigger"]): readonly number[] {
    const { fromMs, toMs, warmUpMs = yearAndMoreMs } = this.horizon;
    const asked = this.asked.get(key) ?? firings(schedule, zone, fromMs - warmUpMs, toMs);
    this.asked.set(key, asked);
    return asked;
  }
}

function runsFrom(
  asked: readonly number[],
  usualRunMs: number,
  delayMs: number,
  preceding: readonly Runs[],
): Runs {
  if (areApart(asked, usualRunMs) && preceding.every(other => areClear(asked, other)))
    return { queuedMs: asked, startMs: asked, endMs: asked.map(atMs => atMs + delayMs + usualRunMs) };
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

/** Whether each run is over when the next one is asked for. */
function areApart(asked: readonly number[], usualRunMs: number): boolean {
  for (let next = 1; next < asked.length; next++)
    if ((asked[next] ?? 0) - (asked[next - 1] ?? 0) < usualRunMs) return false;
  return true;
}

/** Whether none is asked for while another job waits or runs. */
function areClear(asked: readonly number[], other: Runs): boolean {
  const wait = new Wait(other);
  return asked.every(atMs => wait.until(atMs) === atMs);
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
  const first = countUntil(startMs, ms => ms < (source.availableMs[0] ?? Infinity));
  const readMs = startMs.slice(first);
  let newest = 0;
  for (let run = 0; run < readMs.length; run++) {
    const start = readMs[run] ?? 0;
    while ((source.availableMs[newest + 1] ?? Infinity) <= start) newest++;
    readMs[run] = source.readMs[newest] ?? start;
  }
  return { readMs, availableMs: first === 0 ? endMs : endMs.slice(first) };
}
