import { addTo } from "../add-to";
import type { Dataset } from "../datasets";
import type { Flow, Job, Location } from "../job";
import { machineKey, sameMachine } from "../layers/places";

/** The jobs that bytes pass on their way to a copy. Copies on the same way have the same versions at the same times. */
export interface Way {
  /** Names of the jobs with their machines, e.g. "k8s/etcd-backup > pve/nfs-mirror". */
  readonly key: string;
  /** The job that makes the copy: the last one. */
  readonly job: Job;
  /** All of them, first job first. */
  readonly jobs: readonly Job[];
  readonly from?: Way;
  /** By so much more what nobody was told of may be missing at its end, in ms: jobs on it copy what somebody noted. */
  readonly unheardMs: number;
  /** So long after it was made a copy counts, in ms: jobs on the way have to compare it first. */
  readonly countsAfterMs: number;
}

/** A dataset at a place, made by a job's flow from the dataset itself or from another copy. */
export interface Copy {
  /** Dataset and the jobs on the way, e.g. "nextcloud <- nfs-mirror <- offsite-sync-backup". */
  readonly id: string;
  readonly dataset: Dataset;
  readonly job: Job;
  readonly flow: Flow;
  /** One object for all copies that the same jobs make. */
  readonly way: Way;
  /** The copy that it was copied from; absent when it was read from the live dataset. */
  readonly from?: Copy;
  readonly location: Location;
}

/**
 * Every copy that the jobs make, found by following each dataset from place to place. A copier takes what lies at its
 * source, copies that others put there included; a copy never goes through the same flow twice.
 */
export function copiesOf(datasets: readonly Dataset[], jobs: readonly Job[]): Copy[] {
  const readers = new Readers(jobs);
  const ways = new Ways();
  const copies: Copy[] = [];
  for (const dataset of datasets) {
    let next = copies.length;
    for (const { job, flow } of readers.ofDataset(dataset))
      if (readsLive(flow, dataset))
        copies.push(copyOf(dataset, job, flow, ways.extended(undefined, job, flow)));
    for (; next < copies.length; next++) {
      const parent = copies[next];
      if (!parent) break;
      for (const { job, flow } of readers.ofCopy(parent))
        if (readsCopy(job, flow, parent) && !wentThrough(parent, flow))
          copies.push(copyOf(dataset, job, flow, ways.extended(parent.way, job, flow), parent));
    }
  }
  return copies;
}

/** The copy and those it came from, first copy first. */
export function chainOf(copy: Copy): Copy[] {
  return copy.from ? [...chainOf(copy.from), copy] : [copy];
}

/** Copies of each dataset. */
export function copiesByDataset(copies: readonly Copy[]): Map<Dataset, Copy[]> {
  const found = new Map<Dataset, Copy[]>();
  for (const copy of copies) {
    const known = found.get(copy.dataset);
    if (known) known.push(copy);
    else found.set(copy.dataset, [copy]);
  }
  return found;
}

interface Reader {
  readonly job: Job;
  readonly flow: Flow;
  /** Place in the order of jobs and flows, which the copies keep. */
  readonly order: number;
}

const none: readonly Reader[] = [];

/** Flows by what they might read, so that following a byte takes no longer in an estate of many hosts. */
class Readers {
  private readonly readers = new Map<string, Reader[]>();
  private readonly merged = new Map<string, readonly Reader[]>();

  constructor(jobs: readonly Job[]) {
    let order = 0;
    for (const job of jobs)
      for (const flow of job.flows) {
        const key = sourceKey(job, flow);
        const known = this.readers.get(key);
        const reader = { job, flow, order: order++ };
        if (known) known.push(reader);
        else this.readers.set(key, [reader]);
      }
  }

  ofDataset({ id, location }: Dataset): readonly Reader[] {
    return this.both(`dataset ${id}`, machineKey(location.machine));
  }

  ofCopy({ job, location }: Copy): readonly Reader[] {
    return this.both(`job ${job.host}/${job.name}`, machineKey(location.machine));
  }

  private both(key: string, other: string): readonly Reader[] {
    const [first, second = none] = [this.readers.get(key), this.readers.get(other)];
    if (!first) return second;
    const pair = `${key} ${other}`;
    const merged = this.merged.get(pair) ?? [...first, ...second].sort((a, b) => a.order - b.order);
    this.merged.set(pair, merged);
    return merged;
  }
}

function sourceKey(job: Job, { source }: Flow): string {
  switch (source.kind) {
    case "dataset":
      return `dataset ${source.id}`;
    case "volumes":
      return `host ${source.host}`;
    case "tree":
      return machineKey(source.location.machine);
    case "copies-of":
      return `job ${job.host}/${source.job}`;
  }
}

/** One object for each way, so that it can be a key. */
class Ways {
  private readonly next = new Map<Way | undefined, Map<Job, Way[]>>();

  extended(from: Way | undefined, job: Job, { unheardWithinMs = 0, countsAfterMs: own = 0 }: Flow): Way {
    const children = this.next.get(from) ?? new Map<Job, Way[]>();
    this.next.set(from, children);
    const unheardMs = (from?.unheardMs ?? 0) + unheardWithinMs;
    const countsAfterMs = (from?.countsAfterMs ?? 0) + own;
    const known = children
      .get(job)
      ?.find(way => way.unheardMs === unheardMs && way.countsAfterMs === countsAfterMs);
    if (known) return known;
    const name = `${job.host}/${job.name}`;
    const way = {
      key: from ? `${from.key} > ${name}` : name,
      job,
      jobs: [...(from?.jobs ?? []), job],
      ...(from ? { from } : {}),
      ...{ unheardMs, countsAfterMs },
    };
    addTo(children, job, way);
    return way;
  }
}

function readsLive({ source }: Flow, dataset: Dataset): boolean {
  switch (source.kind) {
    case "dataset":
      return source.id === dataset.id;
    case "volumes":
      return (
        dataset.location.machine.name === source.host &&
        dataset.namespace !== undefined &&
        dataset.location.path.startsWith(`pool:${source.pool}/`) &&
        !source.excludeNamespaces.some(excluded => excluded.name === dataset.namespace)
      );
    case "tree":
      return dataset.kind === "tree" && liesIn(dataset.location, source);
    case "copies-of":
      return false;
  }
}

function readsCopy(job: Job, { source }: Flow, copy: Copy): boolean {
  if (source.kind === "tree") return liesIn(copy.location, source);
  if (source.kind !== "copies-of") return false;
  return (
    copy.job.name === source.job &&
    copy.job.host === job.host &&
    !copy.dataset.block &&
    (source.holds === undefined || copy.dataset.holds === source.holds) &&
    !source.excludeNamespaces.some(excluded => excluded.name === copy.dataset.namespace) &&
    (source.onlyNamespaces?.includes(copy.dataset.namespace ?? "") ?? true)
  );
}

type Tree = Extract<Flow["source"], { kind: "tree" }>;

/** Whether a tree's reader comes to a place: below it, and not behind an excluded entry. */
function liesIn(place: Location, { location, excludes, only }: Tree): boolean {
  const { path } = location;
  // Written out, as every byte is asked for by every tree of its machine.
  if (!place.path.startsWith(path) || !sameMachine(place.machine, location.machine)) return false;
  const below = path === "/" ? 1 : path.length + 1;
  if (path !== "/" && place.path.length > path.length && place.path[path.length] !== "/") return false;
  if (place.path.length <= below || (!only && excludes.length === 0)) return true;
  const end = place.path.indexOf("/", below);
  const entry = place.path.slice(below, end < 0 ? undefined : end);
  return only ? only.includes(entry) : !excludes.some(excluded => excluded.name === entry);
}

function wentThrough(copy: Copy, flow: Flow): boolean {
  return copy.flow === flow || (copy.from !== undefined && wentThrough(copy.from, flow));
}

function copyOf(dataset: Dataset, job: Job, flow: Flow, way: Way, from?: Copy): Copy {
  return {
    id: `${from?.id ?? dataset.id} <- ${job.name}`,
    dataset,
    job,
    flow,
    way,
    ...(from && { from }),
    location: placeBelow(flow.target, targetPath(dataset, flow, from)),
  };
}

function placeBelow({ machine, disk }: Location, path: string): Location {
  return disk === undefined ? { machine, path } : { machine, disk, path };
}

/** Where a dataset lands: a tree keeps its shape below the target, a volume gets a folder, a dump has the target to itself. */
function targetPath(dataset: Dataset, { source, target }: Flow, from: Copy | undefined): string {
  const shape = shapeOf(source, from?.location.path ?? dataset.location.path, dataset);
  return shape === "" ? target.path : `${target.path}/${shape}`;
}

function shapeOf(source: Flow["source"], path: string, dataset: Dataset): string {
  switch (source.kind) {
    case "tree":
      return path.slice(source.location.path.length + (source.location.path === "/" ? 0 : 1));
    case "volumes":
    case "copies-of":
      // Namespace and claim: what follows the pool's name.
      return dataset.location.path.slice(dataset.location.path.indexOf("/") + 1);
    case "dataset":
      return "";
  }
}
