import type { Plan } from "../plan";
import { poolUsableShare, type Store, storesOf } from "../plan/capacity";
import { superfluousCopies } from "./doubled";

const known = new WeakMap<Plan, readonly Store[]>();

/**
 * What each store needs, second routes left out: they are routes/two-routes' finding, and a disk that is too small for
 * one alone isn't too small. Computed once for a plan.
 */
export function neededStores(plan: Plan): readonly Store[] {
  const superfluous = superfluousCopies(plan);
  const found =
    known.get(plan) ??
    storesOf(
      superfluous.size === 0 ? plan : { ...plan, copies: plan.copies.filter(copy => !superfluous.has(copy)) },
    );
  known.set(plan, found);
  return found;
}

/** Up to where nothing is removed before its time, and no write is near its end: the share of a store that may be in use. */
export function calmShare({ kind, name }: Store, { jobs }: Plan): number {
  if (kind !== "pool") return 1;
  const removals = jobs.flatMap(({ removesEarly = [] }) => removesEarly.filter(each => each.store === name));
  return Math.min(poolUsableShare, ...removals.map(({ fromPercent }) => (fromPercent - 0.01) / 100));
}
