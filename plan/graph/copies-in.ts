import type { Plan } from "..";
import type { Dataset } from "../datasets";
import { type Copy, copiesByDataset } from "./copies";

const known = new WeakMap<Plan, ReadonlyMap<Dataset, readonly Copy[]>>();

/** Copies of each dataset of a plan, grouped once: most checks of routes and promises ask. */
export function copiesIn(plan: Plan): ReadonlyMap<Dataset, readonly Copy[]> {
  const found = known.get(plan) ?? copiesByDataset(plan.copies);
  known.set(plan, found);
  return found;
}
