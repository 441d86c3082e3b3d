import type { Plan } from "../plan";
import { addTo } from "../plan/add-to";
import type { Domain } from "../plan/estate/services";
import { drilledAs, type Driller, drillersOf } from "../plan/graph/drilled";
import { fastestCopy } from "../plan/graph/fastest-copy";
import { liveSurvives } from "../plan/graph/survival";
import { parseDuration } from "../plan/units/duration";

/** Copies that some promise of a time rests on: none of them may take longer, by itself, than the shortest of these. */
export interface PromisedCopies {
  readonly driller: Driller;
  readonly tier: string;
  readonly seconds: number;
  /** As the driller's metrics call them. */
  readonly names: readonly string[];
}

/** What each driller's copies are promised by, those of one tier and time together. Of a copy that holds several datasets, a drill doesn't say how long each takes. */
export function promisedCopies(plan: Plan): PromisedCopies[] {
  return drillersOf(plan).flatMap(driller => {
    const promised = new Map<
      string,
      { tier: string; name: string; seconds: number; datasets: Set<string> }
    >();
    for (const [service, { promise }] of Object.entries(plan.estate.services)) {
      if (promise?.rto === undefined) continue;
      const seconds = Math.round(parseDuration(promise.rto) / 1000);
      for (const dataset of plan.datasets.filter(each => each.service === service && !each.unprotected))
        for (const domain of Object.keys(promise.rpo) as Domain[]) {
          if (liveSurvives(dataset, domain, plan.estate)) continue;
          const copy = fastestCopy(dataset, domain, plan)?.copy;
          const drilled = copy && drilledAs(driller, copy);
          if (!drilled) continue;
          const key = `${drilled.tier}:${drilled.name}`;
          const before = promised.get(key);
          const datasets = (before?.datasets ?? new Set()).add(dataset.id);
          promised.set(key, {
            ...{ ...drilled, datasets },
            seconds: Math.min(seconds, before?.seconds ?? Infinity),
          });
        }
    }
    const alike = new Map<string, { tier: string; name: string; seconds: number }[]>();
    for (const each of promised.values())
      if (each.datasets.size === 1) addTo(alike, `${each.tier} ${each.seconds}`, each);
    return [...alike.values()].flatMap(([first, ...rest]) =>
      first
        ? [
            {
              ...{ driller, tier: first.tier, seconds: first.seconds },
              names: [first, ...rest].map(({ name }) => name).sort(),
            },
          ]
        : [],
    );
  });
}
