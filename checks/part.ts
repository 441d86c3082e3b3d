import type { Dataset } from "../plan/datasets";
import type { Copy } from "../plan/graph/copies";
import type { Flow, Job, Location } from "../plan/job";
import { isBelow, sameMachine } from "../plan/layers/places";

/** A flow that reads only a part of a dataset, or of a copy of it: from a folder inside, or named entries alone. */
export function partOf(
  dataset: Dataset,
  copies: readonly Copy[],
  jobs: readonly Job[],
): { job: Job; flow: Flow; of: Location } | undefined {
  const places = [dataset.location, ...copies.map(copy => copy.location)];
  for (const job of jobs)
    for (const flow of job.flows) {
      const of = places.find(place => readsPartOf(flow, place));
      if (of) return { job, flow, of };
    }
  return undefined;
}

function readsPartOf({ source }: Flow, place: Location): boolean {
  if (source.kind !== "tree" || !sameMachine(source.location.machine, place.machine)) return false;
  return source.location.path === place.path
    ? source.only !== undefined
    : isBelow(source.location.path, place.path);
}
