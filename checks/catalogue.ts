import type { Check } from "./check";
import { budgetOutOfBounds } from "./order/budget-out-of-bounds";
import { staleAbovePromise } from "./schedule/stale-above-promise";
import { staleBelowGap } from "./schedule/stale-below-gap";

/** Every check. `catalogue.test.ts` compares this list with the folder, so none can be forgotten. */
export const catalogue: readonly Check[] = [budgetOutOfBounds, staleAbovePromise, staleBelowGap];
