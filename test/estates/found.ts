import { type Finding, runChecks } from "../../checks";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import type { ExampleEstate } from "../../plan/estate/example";
import { estate } from "../../stacks/homelab/estate";

/** The instant of every check here: what is found must not change with the day. */
export const asOfMs = Date.UTC(2026, 10, 1);

export function findingsOf(input: EstateInput): Finding[] {
  return runChecks(planOf(parseEstate(input)), asOfMs);
}

/** The clean homelab with a change made to it; its sections that may be left out are there. */
export function homelabWith(change: (estate: ExampleEstate) => void): EstateInput {
  // Through JSON: jobs share one object for their alerts, and an edit is of one job.
  const changed = { waivers: [], statements: [], ...JSON.parse(JSON.stringify(estate)) } as ExampleEstate;
  change(changed);
  return changed;
}
