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
  const changed = { waivers: [], statements: [], ...structuredClone(estate) } as unknown as ExampleEstate;
  change(changed);
  return changed;
}
