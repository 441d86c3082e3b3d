import type { Dataset } from "../plan/datasets";
import { type Copy, copiesOf } from "../plan/graph/copies";
import type { Exclude, Flow, Job, Location, Source } from "../plan/job";
import { isBelow, sameMachine } from "../plan/layers/places";

/** An entry that a job leaves out, and what lies behind it. */
export interface Hidden {
  readonly job: Job;
  readonly exclude: Exclude;
  /** The excluded folder, or "namespace NAME". */
  readonly where: string;
  /** The dataset's own place or that of a copy of it. */
  readonly place: Location;
}

/**
 * The exclude without which a dataset would be better off, if one is: each that hides the dataset or a copy of it is
 * taken away in turn. A database's namespace may stay excluded from snapshots, as a dump is its proper copy.
 * @param better whether the copies that would then be made are what is needed
 */
export function hiddenBy(
  dataset: Dataset,
  copies: readonly Copy[],
  jobs: readonly Job[],
  better: (copies: readonly Copy[]) => boolean,
): Hidden | undefined {
  const places = [dataset.location, ...copies.map(copy => copy.location)];
  for (const job of jobs)
    for (const flow of job.flows)
      for (const hidden of behind(job, flow, dataset, places)) {
        const healed = jobs.map(other => (other === job ? without(job, flow, hidden.exclude) : other));
        if (better(copiesOf([dataset], healed))) return hidden;
      }
  return undefined;
}

function behind(job: Job, { source }: Flow, dataset: Dataset, places: readonly Location[]): Hidden[] {
  switch (source.kind) {
    case "tree":
      return hiddenInTree(job, source, places);
    case "volumes":
    case "copies-of":
      return dataset.kind === "volume"
        ? source.excludeNamespaces
            .filter(exclude => exclude.name === dataset.namespace)
            .map(exclude => ({ job, exclude, where: `namespace ${exclude.name}`, place: dataset.location }))
        : [];
    case "dataset":
      return [];
  }
}

/** The entries that a job leaves out of a tree, behind which one of some places lies. */
export function hiddenInTree(
  job: Job,
  { location, excludes }: Extract<Source, { kind: "tree" }>,
  places: readonly Location[],
): Hidden[] {
  return excludes.flatMap(exclude => {
    const where = `${location.path === "/" ? "" : location.path}/${exclude.name}`;
    const place = places.find(
      candidate => sameMachine(candidate.machine, location.machine) && isBelow(candidate.path, where),
    );
    return place ? [{ job, exclude, where, place }] : [];
  });
}

function without(job: Job, flow: Flow, exclude: Exclude): Job {
  return {
    ...job,
    flows: job.flows.map(other =>
      other === flow ? { ...other, source: lifted(other.source, exclude) } : other,
    ),
  };
}

function lifted(source: Source, exclude: Exclude): Source {
  const rest = (excludes: readonly Exclude[]): Exclude[] => excludes.filter(other => other !== exclude);
  switch (source.kind) {
    case "tree":
      return { ...source, excludes: rest(source.excludes) };
    case "volumes":
    case "copies-of":
      return { ...source, excludeNamespaces: rest(source.excludeNamespaces) };
    case "dataset":
      return source;
  }
}
