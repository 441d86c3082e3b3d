import { setTimeout as sleep } from "node:timers/promises";
import type { InForce } from "../../plan/contracts/in-force";
import type { Phase } from "../runtime/phases";
import { type Difference, type EffectiveState, keyOf, lineOf } from "./effective-state";
import { mountDifferences } from "./mounts";
import { releaseDifferences } from "./releases";
import { textfileDifferences } from "./textfiles";
import { unitDifferences } from "./units";

/** Compares what is in force with what is declared. What differs is no failure of the look: it is what it is there for. */
export const look: Phase<EffectiveState> = {
  name: "look",
  async run(run) {
    const { config, dryRun, log, stop } = run;
    let found = await differencesOf(config.declared, stop.signal);
    if (found.length > 0 && !dryRun) {
      await sleep(config.settleMs, undefined, { signal: stop.signal });
      const before = new Set(found.map(keyOf));
      const now = await differencesOf(config.declared, stop.signal);
      found = now.filter(difference => before.has(keyOf(difference)));
    }
    run.differences = found;
    for (const difference of found) log.warn(lineOf(difference));
  },
};

async function differencesOf(declared: readonly InForce[], stop: AbortSignal): Promise<Difference[]> {
  const of = <Kind extends InForce["kind"]>(kind: Kind) =>
    declared.filter((one): one is Extract<InForce, { kind: Kind }> => one.kind === kind);
  return [
    ...(await releaseDifferences(of("release"), stop)),
    ...(await unitDifferences(of("unit"), stop)),
    ...(await mountDifferences(of("mount"), stop)),
    ...textfileDifferences(of("textfiles")),
  ];
}
