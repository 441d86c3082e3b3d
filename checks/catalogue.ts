import type { Check } from "./check";
import { afterCycle } from "./order/after-cycle";
import { assumedNotEnforced } from "./order/assumed-not-enforced";
import { budgetOutOfBounds } from "./order/budget-out-of-bounds";
import { overlapOnDisk } from "./order/overlap-on-disk";
import { timeoutBelowBudget } from "./order/timeout-below-budget";
import { deleterOverForeignTree } from "./routes/deleter-over-foreign-tree";
import { excludeHidesData } from "./routes/exclude-hides-data";
import { excludeNamesNothing } from "./routes/exclude-names-nothing";
import { metadataLost } from "./routes/metadata-lost";
import { noCopy } from "./routes/no-copy";
import { noRouteOffSite } from "./routes/no-route-off-site";
import { partlyCovered } from "./routes/partly-covered";
import { trackerWatchesLess } from "./routes/tracker-watches-less";
import { twoRoutes } from "./routes/two-routes";
import { neverFiresInYears } from "./schedule/never-fires-in-years";
import { runsDoubledByDst } from "./schedule/runs-doubled-by-dst";
import { runsLostToDst } from "./schedule/runs-lost-to-dst";
import { staleAbovePromise } from "./schedule/stale-above-promise";
import { staleBelowGap } from "./schedule/stale-below-gap";

/** Every check. `catalogue.test.ts` compares this list with the folder, so none can be forgotten. */
export const catalogue: readonly Check[] = [
  afterCycle,
  assumedNotEnforced,
  budgetOutOfBounds,
  overlapOnDisk,
  timeoutBelowBudget,
  deleterOverForeignTree,
  excludeHidesData,
  excludeNamesNothing,
  metadataLost,
  noCopy,
  noRouteOffSite,
  partlyCovered,
  trackerWatchesLess,
  twoRoutes,
  neverFiresInYears,
  runsDoubledByDst,
  runsLostToDst,
  staleAbovePromise,
  staleBelowGap,
];
