import { setTimeout as sleep } from "node:timers/promises";
import { effectiveStateJobName } from "../../plan/contracts/effective-state";
import type { InForce } from "../../plan/contracts/in-force";
import type { Phase } from "../runtime/phases";
import { certificateDifferences } from "./certificates";
import { type Difference, type EffectiveState, keyOf, lineOf } from "./effective-state";
import { mountDifferences } from "./mounts";
import { loadedDifferences } from "./loaded";
import { isBeingDeployed, releaseDifferences } from "./releases";
import { rightsDifferences } from "./rights";
import { textfileDifferences } from "./textfiles";
import { unitDifferences } from "./units";

/** Compares what is in force with what is declared. What differs is no failure of the look: it is what it is there for. */
export const look: Phase<EffectiveState> = {
  name: "look",
  async run(run) {
    const { config, dryRun, log, stop } = run;
    let found = await differencesOf(run);
    if (found.length > 0 && !dryRun) {
      await sleep(config.settleMs, undefined, { signal: stop.signal });
      const before = new Set(found.map(keyOf));
      const now = await differencesOf(run);
      found = now.filter(difference => before.has(keyOf(difference)));
    }
    run.differences = found;
    for (const difference of found) log.warn(lineOf(difference));
  },
};

/** Without what is so as a deployment has come to one of two jobs alone: the next look tells of that, where it has ended so. */
async function differencesOf(run: EffectiveState): Promise<Difference[]> {
  const { declared } = run.config;
  const stop = run.stop.signal;
  const of = <Kind extends InForce["kind"]>(kind: Kind) =>
    declared.filter((one): one is Extract<InForce, { kind: Kind }> => one.kind === kind);
  const releases = await releaseDifferences(of("release"), stop);
  const underWay = new Set(
    releases
      .filter(({ isOther, subject }) => isOther && isBeingDeployed(subject))
      .map(({ subject }) => subject),
  );
  const units = await unitDifferences(of("unit"), stop);
  // Rules and routes come with a deployment too, those of a job before or after any other one's, and take the operator a while.
  const told = [...of("rules"), ...of("route")];
  const isUnderWay = [effectiveStateJobName, ...of("release").map(({ job }) => job)].some(isBeingDeployed);
  const loaded = isUnderWay ? [] : await loadedDifferences(told, run);
  return [
    ...releases.filter(({ isOther, subject }) => !isOther || !underWay.has(subject)),
    ...units.filter(({ subject }) => !underWay.has(subject.replace(/\.(service|timer)$/, ""))),
    ...(await mountDifferences(of("mount"), stop)),
    ...(await certificateDifferences(of("certificate"), stop)),
    ...(await rightsDifferences(of("rights"), stop)),
    ...loaded,
    ...textfileDifferences(of("textfiles")),
  ];
}
