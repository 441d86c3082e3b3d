import type { Plan } from "..";
import { bytesOf, type Dataset } from "../datasets";
import type { Domain } from "../estate/services";
import type { Copy } from "./copies";
import { copiesIn } from "./copies-in";
import { worstAloneMs } from "./loss";
import { copySurvives } from "./survival";
import { parseDuration } from "../units/duration";
import { floorMs, type TransferFloor, transferFloor } from "./transfer";

/** A copy that outlives a disaster. */
export interface FastestCopy {
  readonly copy: Copy;
  /** How long its bytes take back; absent where the estate knows of no link from any copy that is left. */
  readonly floor?: TransferFloor;
}

/** Which copy of a dataset is taken after a disaster: `fastestCopy` of a plan, or one that knows more of how long each takes. */
export type Fastest = (dataset: Dataset, domain: Domain) => FastestCopy | undefined;

const known = new WeakMap<Plan, Map<Dataset, readonly FastestCopy[]>>();

/**
 * The copy of which a dataset is back soonest after a disaster: of those that keep what its service is promised of the loss, as both promises
 * are of one restore; of all where none does by itself. Nothing where none is left.
 */
export function fastestCopy(dataset: Dataset, domain: Domain, plan: Plan): FastestCopy | undefined {
  const text = plan.estate.services[dataset.service]?.promise?.rpo[domain];
  const promisedMs = text === undefined ? Infinity : parseDuration(text);
  let first: FastestCopy | undefined;
  for (const each of fastestFirst(dataset, plan)) {
    if (!copySurvives(each.copy, domain, plan.estate)) continue;
    if (promisedMs === Infinity || worstAloneMs(each.copy.way, plan) <= promisedMs) return each;
    first ??= each;
  }
  return first;
}

/** All copies of a dataset, those that nobody can say it of last. Put in order once for a plan: each disaster asks. */
function fastestFirst(dataset: Dataset, plan: Plan): readonly FastestCopy[] {
  const byDataset = known.get(plan) ?? new Map<Dataset, readonly FastestCopy[]>();
  known.set(plan, byDataset);
  const found = byDataset.get(dataset);
  if (found) return found;
  const bytes = bytesOf(dataset) ?? Infinity;
  const copies = (copiesIn(plan).get(dataset) ?? []).map((copy): FastestCopy => {
    const floor = transferFloor(copy.location, dataset.location, bytes, plan.estate);
    return floor ? { copy, floor } : { copy };
  });
  const told = copies.filter(({ floor }) => floor !== undefined);
  // Not by a difference: that of two unknown sizes is no number.
  told.sort((a, b) => compare(floorOf(a), floorOf(b)));
  const ordered = [...told, ...copies.filter(({ floor }) => floor === undefined)];
  byDataset.set(dataset, ordered);
  return ordered;
}

function floorOf({ floor }: FastestCopy): number {
  return floor ? floorMs(floor) : Infinity;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
