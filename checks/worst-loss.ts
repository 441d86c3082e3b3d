import type { Plan } from "../plan";
import type { Domain } from "../plan/estate/services";
import { type Survivors, worstOf, yearsOf } from "../plan/graph/loss";

/** Of the dataset that loses most; nothing where one has no copy left. */
export function worstLossMs(datasets: readonly Survivors[], domain: Domain, plan: Plan): number | undefined {
  const losses = datasets.map(({ ways }) => {
    const left = ways.get(domain) ?? [];
    return left === "live" ? 0 : (worstOf(left, yearsOf(plan)).worstLossMs ?? Infinity);
  });
  const worst = Math.max(...losses);
  return Number.isFinite(worst) ? worst : undefined;
}
