import type { Plan } from "../plan";
import { countUntil } from "../plan/ascending";
import { sizesOf, type Unsaid } from "../plan/capacity";
import { localTimes } from "../plan/calendar/time-zone";
import { timeAtPace } from "../plan/contracts/pace";
import { bytesOf } from "../plan/datasets";
import { chainOf, type Copy } from "../plan/graph/copies";
import { yearsOf } from "../plan/graph/loss";
import { transferFloor } from "../plan/graph/transfer";
import type { Flow, Job } from "../plan/job";
import { isBelow } from "../plan/layers/places";
import { copiesIn } from "../plan/graph/copies-in";

const dayMs = 86_400_000;

/** What one run carries of one dataset. */
export interface RunLoad {
  readonly dataset: string;
  readonly bytes: number;
  readonly ms: number;
}

type RunLoads = ReadonlyMap<Job, readonly RunLoad[]>;

const known = { least: new WeakMap<Plan, RunLoads>(), most: new WeakMap<Plan, RunLoads>() };

/**
 * What a run of each job has to carry, where what nobody has said of a dataset's changes is nothing or all of it. Computed once
 * for a plan: two checks ask.
 */
export function runLoads(plan: Plan, unsaid: Unsaid): RunLoads {
  const found = known[unsaid].get(plan) ?? computed(plan, unsaid);
  known[unsaid].set(plan, found);
  return found;
}

function computed(plan: Plan, unsaid: Unsaid): RunLoads {
  const loads = new Map(plan.jobs.map(job => [job, [] as RunLoad[]]));
  const days = new Map(plan.jobs.map(job => [job, daysApart(job, plan)]));
  for (const copies of copiesIn(plan).values())
    for (const copy of copies) {
      const load = loadOf(copy, days.get(copy.job) ?? 0, plan, unsaid);
      if (load) loads.get(copy.job)?.push(load);
    }
  return loads;
}

/** How long a run's loads take, in ms: begun at the least lucky hour where the job's pace has hours. */
export function runTime(job: Job, loads: readonly RunLoad[], plan: Plan): number {
  const sum = (of: (load: RunLoad) => number): number => loads.reduce((all, load) => all + of(load), 0);
  const [bytes, ms] = [sum(load => load.bytes), sum(load => load.ms)];
  if (!job.pace || ms === 0) return ms;
  const { pace } = job;
  const starts = localTimes(yearsOf(plan).runsOf(job).startMs, pace.zone);
  return [...new Set(starts.map(atMs => atMs % dayMs))].reduce(
    (worst, atMs) => Math.max(worst, timeAtPace(pace, atMs, bytes, bytes / ms)),
    0,
  );
}

/** The least that a run has to carry: what changed since the run before, and no more than there is; a dump is whole each time. */
function loadOf(copy: Copy, days: number, plan: Plan, unsaid: Unsaid): RunLoad | undefined {
  const { dataset, from, flow } = copy;
  const source = from?.location ?? dataset.location;
  const all = bytesOf(dataset);
  if (all === undefined || dataset.unprotected || isSnapshot(copy)) return undefined;
  const tree =
    from && flow.source.kind === "tree"
      ? sizesOf(plan, unsaid).of(from)
      : sizesOf(plan, unsaid).live(dataset);
  // How much of a volume is its databases nobody says: all of it at most.
  if (unsaid === "least" && chainOf(copy).some(({ flow: { source } }) => isDatabasesOf(source)))
    return undefined;
  const changed = tree.churnPerDayBytes + tree.growthPerDayBytes;
  const sinceLast = Math.min(changed * days, tree.bytes);
  const dump = (unsaid === "least" ? flow.generationBytes : undefined) ?? all;
  const bytes = flow.source.kind === "dataset" ? dump : sinceLast;
  const floor = transferFloor(source, copy.location, bytes, plan.estate);
  return floor && floor.bytesMs > 0 ? { dataset: dataset.id, bytes, ms: floor.bytesMs } : undefined;
}

/** Databases that are copied out of volumes, by themselves. */
function isDatabasesOf(source: Flow["source"]): boolean {
  return source.kind === "copies-of" && source.holds !== undefined;
}

/** It moves no bytes: it lies in its source's own pool, or below its source's own tree. */
function isSnapshot({ flow: { source, target } }: Copy): boolean {
  return source.kind === "volumes" || (source.kind === "tree" && isBelow(target.path, source.location.path));
}

/** Mean time from one run to the next, in days. */
export function daysApart(job: Job, plan: Plan): number {
  const timeline = yearsOf(plan);
  const { fromMs, toMs } = timeline.horizon;
  const { startMs } = timeline.runsOf(job);
  const runs = startMs.length - countUntil(startMs, start => start < fromMs);
  return (toMs - fromMs) / dayMs / Math.max(1, runs);
}
