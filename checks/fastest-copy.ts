import type { Plan } from "../plan";
import { bytesOf, type Dataset } from "../plan/datasets";
import type { Domain } from "../plan/estate/services";
import type { Copy } from "../plan/graph/copies";
import { copySurvives } from "../plan/graph/survival";
import { copiesIn } from "./copies";
import { floorMs, type TransferFloor, transferFloor } from "./transfer";

/** A copy that outlives a disaster. */
export interface FastestCopy {
  readonly copy: Copy;
  /** How long its bytes take back; absent where the estate knows of no link from any copy that is left. */
  readonly floor?: TransferFloor;
}

const known = new WeakMap<Plan, Map<Domain, Map<Dataset, FastestCopy | undefined>>>();

/**
 * The copy of which a dataset is back soonest after a disaster, nothing where none is left. Sought once for a plan: what is
 * restored alone and what is restored together ask.
 */
export function fastestCopy(dataset: Dataset, domain: Domain, plan: Plan): FastestCopy | undefined {
  const byDomain = known.get(plan) ?? new Map<Domain, Map<Dataset, FastestCopy | undefined>>();
  known.set(plan, byDomain);
  const byDataset = byDomain.get(domain) ?? new Map<Dataset, FastestCopy | undefined>();
  byDomain.set(domain, byDataset);
  const found = byDataset.get(dataset) ?? sought(dataset, domain, plan);
  byDataset.set(dataset, found);
  return found;
}

function sought(dataset: Dataset, domain: Domain, plan: Plan): FastestCopy | undefined {
  const bytes = bytesOf(dataset) ?? Infinity;
  let fastest: FastestCopy | undefined;
  for (const copy of copiesIn(plan).get(dataset) ?? []) {
    if (!copySurvives(copy, domain, plan.estate)) continue;
    const floor = transferFloor(copy.location, dataset.location, bytes, plan.estate);
    if (!floor) fastest ??= { copy };
    else if (!fastest?.floor || floorMs(floor) < floorMs(fastest.floor)) fastest = { copy, floor };
  }
  return fastest;
}
