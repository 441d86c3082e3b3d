import type { Plan } from "../plan";
import { addTo } from "../plan/add-to";
import type { Dataset } from "../plan/datasets";
import type { Domain } from "../plan/estate/services";
import { type Drilled, drilledAs, type Driller, drillersOf } from "../plan/graph/drilled";
import { fastestCopy } from "../plan/graph/fastest-copy";
import { liveSurvives } from "../plan/graph/survival";
import { parseDuration } from "../plan/units/duration";

/** Copies that some promise of a time rests on: none of them may take longer, by itself, than the shortest of these. */
export interface PromisedCopies {
  readonly driller: Driller;
  /** Metric of the driller that says so of each copy. */
  readonly wholeSeconds: string;
  readonly tier: string;
  readonly seconds: number;
  /** As the driller's metrics call them. */
  readonly names: readonly string[];
}

/** What each driller's copies are promised by, those of one tier and time together. Of a copy that holds several datasets, a drill doesn't say how long each takes. */
export function promisedCopies(plan: Plan): readonly PromisedCopies[] {
  const found = known.get(plan) ?? allPromised(plan);
  known.set(plan, found);
  return found;
}

const known = new WeakMap<Plan, readonly PromisedCopies[]>();

function allPromised(plan: Plan): PromisedCopies[] {
  const byService = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets) if (!dataset.unprotected) addTo(byService, dataset.service, dataset);
  return drillersOf(plan).flatMap(driller => {
    const { wholeSeconds } = driller.drills;
    if (wholeSeconds === undefined) return [];
    const holds = new Map<string, Set<string>>();
    for (const copy of plan.copies) {
      const drilled = drilledAs(driller, copy);
      if (drilled) holds.set(keyOf(drilled), (holds.get(keyOf(drilled)) ?? new Set()).add(copy.dataset.id));
    }
    const promised = new Map<string, Drilled & { readonly seconds: number }>();
    for (const [service, { promise }] of Object.entries(plan.estate.services)) {
      if (promise?.rto === undefined) continue;
      const seconds = Math.round(parseDuration(promise.rto) / 1000);
      for (const dataset of byService.get(service) ?? [])
        for (const domain of Object.keys(promise.rpo) as Domain[]) {
          if (liveSurvives(dataset, domain, plan.estate)) continue;
          const copy = fastestCopy(dataset, domain, plan)?.copy;
          const drilled = copy && drilledAs(driller, copy);
          if (!drilled || holds.get(keyOf(drilled))?.size !== 1) continue;
          const before = promised.get(keyOf(drilled))?.seconds ?? Infinity;
          promised.set(keyOf(drilled), { ...drilled, seconds: Math.min(seconds, before) });
        }
    }
    const alike = new Map<string, (Drilled & { readonly seconds: number })[]>();
    for (const each of promised.values()) addTo(alike, `${each.tier} ${each.seconds}`, each);
    return [...alike.values()].flatMap(([first, ...rest]) =>
      first
        ? [
            {
              ...{ driller, wholeSeconds, tier: first.tier, seconds: first.seconds },
              names: [first, ...rest].map(({ name }) => name).sort(),
            },
          ]
        : [],
    );
  });
}

function keyOf({ tier, name }: Drilled): string {
  return `${tier}:${name}`;
}
