import type { Dataset } from "../datasets";
import type { Flow, Job, Location } from "../job";
import { isBelow, sameMachine } from "../layers/places";

/** A dataset at a place, made by a job's flow from the dataset itself or from another copy. */
export interface Copy {
  /** Dataset and the jobs on the way, e.g. "nextcloud <- nfs-mirror <- offsite-sync-backup". */
  readonly id: string;
  readonly dataset: Dataset;
  readonly job: Job;
  readonly flow: Flow;
  /** The copy that it was copied from; absent when it was read from the live dataset. */
  readonly from?: Copy;
  readonly location: Location;
}

/**
 * Every copy that the jobs make, found by following each dataset from place to place. A copier takes what lies at its
 * source, copies that others put there included; a copy never goes through the same flow twice.
 */
export function copiesOf(datasets: readonly Dataset[], jobs: readonly Job[]): Copy[] {
  const flows = jobs.flatMap(job => job.flows.map(flow => ({ job, flow })));
  const copies: Copy[] = [];
  for (const dataset of datasets) {
    const found: Copy[] = [];
    for (const { job, flow } of flows) if (readsLive(flow, dataset)) found.push(copyOf(dataset, job, flow));
    for (let index = 0; index < found.length; index++) {
      const parent = found[index];
      if (!parent) break;
      for (const { job, flow } of flows)
        if (readsCopy(job, flow, parent) && !wentThrough(parent, flow))
          found.push(copyOf(dataset, job, flow, parent));
    }
    copies.push(...found);
  }
  return copies;
}

/** The copy and those it came from, first copy first. */
export function chainOf(copy: Copy): Copy[] {
  return copy.from ? [...chainOf(copy.from), copy] : [copy];
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
    (source.holds === undefined || copy.dataset.holds === source.holds) &&
    !source.excludeNamespaces.some(excluded => excluded.name === copy.dataset.namespace)
  );
}

type Tree = Extract<Flow["source"], { kind: "tree" }>;

/** Whether a tree's reader comes to a place: below it, and not behind an excluded entry. */
function liesIn(place: Location, { location, excludes, only }: Tree): boolean {
  if (!sameMachine(place.machine, location.machine) || !isBelow(place.path, location.path)) return false;
  const entry = place.path.slice(location.path === "/" ? 1 : location.path.length + 1).split("/")[0] ?? "";
  if (entry === "") return true;
  return only ? only.includes(entry) : !excludes.some(excluded => excluded.name === entry);
}

function wentThrough(copy: Copy, flow: Flow): boolean {
  return copy.flow === flow || (copy.from !== undefined && wentThrough(copy.from, flow));
}

function copyOf(dataset: Dataset, job: Job, flow: Flow, from?: Copy): Copy {
  return {
    id: `${from?.id ?? dataset.id} <- ${job.name}`,
    dataset,
    job,
    flow,
    ...(from ? { from } : {}),
    location: { ...flow.target, path: targetPath(dataset, flow, from) },
  };
}

/** Where a dataset lands: a tree keeps its shape below the target, anything else gets a folder of its own name. */
function targetPath(dataset: Dataset, { source, target }: Flow, from: Copy | undefined): string {
  const at = from?.location ?? dataset.location;
  const shape =
    source.kind === "tree"
      ? at.path.slice(source.location.path.length).replace(/^\//, "")
      : folderOf(dataset);
  return shape === "" ? target.path : `${target.path}/${shape}`;
}

/** A volume's namespace and claim; nothing for what has the target to itself. */
function folderOf(dataset: Dataset): string {
  return dataset.kind === "volume" ? dataset.location.path.split("/").slice(1).join("/") : "";
}
