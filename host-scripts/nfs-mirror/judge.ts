import { acceptCommand } from "../runtime/arguments";
import { Refusal } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { statIn } from "../runtime/tree-path";
import { frozenIn } from "./held";
import { shownDeletions } from "./look";
import { isMeant, type Mirror, type Rewritten } from "./mirror";
import { lostBy } from "./moves";

/** Refuses to delete more than the ceilings: a source that lost its data must not take the copy with it. */
export const judge: Phase<Mirror> = {
  name: "judge",
  async run(mirror) {
    const { config, lost, accepted } = mirror;
    const { deletions: all, targetEntries, doomed, totalBytes } = required(mirror.scan, "scan");
    if (accepted.has(".")) return;
    const deletions = (lost ?? all) - meant(mirror);
    const { count: most, percent, bytesPercent } = config.maxDeletions;
    const next = shell`ls -la ${config.source.path}   (if they are meant to go: ${ready(acceptCommand(config.job, "."))}; if another job wrote them, add them to keep)`;
    if (deletions > allowedDeletions(config.maxDeletions, targetEntries)) {
      const share = ((100 * deletions) / targetEntries).toFixed(1);
      throw new Refusal(
        `${deletions} of the target's ${targetEntries} entries (${share} %) would be deleted, more than ${most} and ${percent} %; first ${doomed.map(quoted).join(", ")}`,
        next,
      );
    }
    const shrunk = shrunkServices(mirror);
    const bytes = shrunk.reduce((sum, { lostBytes }) => sum + lostBytes, doomedBytes(mirror));
    const share = (100 * bytes) / (totalBytes + bytes);
    const shrunkNames = shrunk.map(({ shrunk: name = "" }) => Buffer.from(name, "latin1"));
    if (share > bytesPercent)
      throw new Refusal(
        `${bytes} bytes, ${share.toFixed(1)} % of the target's, would go with files that are deleted or have become smaller, more than ${bytesPercent} %; first ${[...doomed, ...shrunkNames].slice(0, shownDeletions).map(quoted).join(", ")}`,
        next,
      );
  },
};

/** How much of what goes, and leaves nothing under another name, an operator answers for. */
function meant(mirror: Mirror): number {
  const { scan: found, moves = [] } = mirror;
  if (!found?.listed) return 0;
  const deleted = found.listed.deleted.filter(name => isMeant(mirror, name));
  return lostBy(mirror, { ...found.listed, deleted }, moves);
}

/** Of files that go, leave nothing under another name, and are in no service that an operator answers for. */
function doomedBytes(mirror: Mirror): number {
  const { config, scan: found, moves = [] } = mirror;
  const moved = new Set(moves.map(({ from }) => from));
  return (found?.listed?.deleted ?? [])
    .filter(name => !moved.has(name) && !isMeant(mirror, name))
    .map(name => statIn(config.target.path, name))
    .reduce((sum, stat) => sum + (stat?.isFile() === true ? Number(stat.size) : 0), 0);
}

/** What files lose that become smaller: one that was emptied is as gone as one that was deleted. */
function shrunkServices(mirror: Mirror): Rewritten[] {
  const isFrozen = frozenIn(mirror);
  return [...required(mirror.scan, "scan").rewritten]
    .filter(([service, { lostBytes }]) => lostBytes > 0 && !isMeant(mirror, service) && !isFrozen(service))
    .map(([, rewritten]) => rewritten);
}

/** @returns most entries that a run may delete */
export function allowedDeletions(
  ceiling: { readonly count: number; readonly percent: number },
  targetEntries: number,
): number {
  return Math.max(ceiling.count, Math.floor((ceiling.percent / 100) * targetEntries));
}
