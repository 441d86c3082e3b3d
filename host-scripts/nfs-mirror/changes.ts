import { existsSync } from "node:fs";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { acknowledge as acknowledgeDebt } from "../runtime/journal-consumer";
import { askWatched, type Notes, readWatchedDebt, type WatchedDebt } from "../runtime/journal-watched";
import { momentText } from "../runtime/moment";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { isKnownConfig } from "./known-config";
import { linksCompared } from "./links";
import { type Known, readKnown, writeKnown } from "./memory";
import { isLeftOut, type Mirror } from "./mirror";
import { isUnwritten } from "./written";

/*
 * With a job that notes what changes in the source, a run looks at what was noted since the last one, and at nothing else. That is
 * sound as long as the mirror was what the source was but for what is named: so a run acknowledges what it was told of only once all
 * of that is mirrored, takes with it what the last one had to leave as it was, and compares all in every case of doubt.
 */

/** Reads what was noted, before anything is looked at. */
export const owe: Phase<Mirror> = {
  name: "owe",
  async run(mirror) {
    const { changes } = mirror.config;
    if (!changes) return;
    const left = readKnown(mirror.config);
    const debt = await debtOf(mirror, left);
    const whole = whyAll(mirror, left) ?? debt.whole ?? whyTooMuch(debt, left);
    mirror.changes = { known: left, debt, whole };
    mirror.isRare = whole !== undefined;
    mirror.log.info(
      whole === undefined
        ? `${changes.writer} has named ${debt.paths.size} names and ${debt.subtrees.size} subtrees, and nothing else is looked at; all was compared at ${momentText(left?.comparedAllMs ?? 0)}`
        : `all is compared, as ${whole}`,
    );
  },
};

/** What is owed of all that had changed when this was called; all of it where nobody proves to have watched. */
export async function debtOf({ config, stop }: Mirror, left: Known | undefined): Promise<WatchedDebt> {
  const { writer, journal } = required(config.changes, "changes");
  const unwatched = await askWatched(journal, stop.signal);
  stop.check("owe");
  const debt = readWatchedDebt(journal, config.job, left?.stamp);
  const whole =
    unwatched === undefined
      ? (debt.whole ?? whyUnnoted(config, debt.notes))
      : `nobody has watched the source ${unwatched}`;
  return { ...debt, whole: whole && `${whole} (${writer})` };
}

/** Whoever notes may have been rolled back to a time when less was mirrored. */
function whyUnnoted(config: NfsMirrorConfig, { only, without = [] }: Notes): string | undefined {
  const missed = without.find(entry => !isLeftOut(config, entry));
  if (missed !== undefined) return `what changes in ${quoted(missed)} is not noted`;
  return only && `what changes is noted of ${only.map(entry => quoted(entry)).join(", ")} alone`;
}

/** What a run has to know before it may look at a part of the source alone. */
function whyAll(mirror: Mirror, left: Known | undefined): string | undefined {
  const { config, accepted, fresh = [], startedAt } = mirror;
  const { compareAllMs } = required(config.changes, "changes");
  if (!left) return "no earlier run has left what it knew";
  const ageMs = startedAt.getTime() - left.comparedAllMs;
  if (ageMs < 0) return "the last time is by a clock that was ahead";
  if (ageMs >= compareAllMs - dueSlackMs) return `it was last at ${momentText(left.comparedAllMs)}`;
  if (accepted.size > 0) return "somebody answers for what went";
  if (!isKnownConfig(config)) return "it is the first run with this config";
  if (isUnwritten(config) || !existsSync(linksCompared(config))) return "an earlier run ended early";
  if (left.held.includes(".")) return "the last run deleted nothing";
  if (fresh.length > 0) return "another file system lies below the source";
  return undefined;
}

/** Of a timer that comes a little sooner than a week before. */
const dueSlackMs = 3_600_000;

/** A name is looked at by itself: that many are more work than all of the tree in its order. */
function whyTooMuch(debt: WatchedDebt, left: Known | undefined): string | undefined {
  const entries = left?.entries ?? 0;
  return debt.paths.size > Math.max(fewNames, entries / 4)
    ? `${debt.paths.size} names are as much work as its ${entries} entries`
    : undefined;
}

const fewNames = 1000;

/** Says that all that this run was told of is mirrored, but for what it leaves for the next. */
export const acknowledge: Phase<Mirror> = {
  name: "acknowledge",
  async run(mirror) {
    const { config, changes, scan, held, putOff } = mirror;
    if (!config.changes || !changes) return;
    const { entries, totalBytes, whole } = required(scan, "scan");
    // What nobody could name wasn't looked at, and what went there is still here.
    if (!whole) return;
    const stamp = acknowledgeDebt(config.changes.journal, config.job, changes.debt);
    const left: Known = {
      ...{ stamp, comparedAllMs: comparedAllMs(mirror) ?? 0, entries, totalBytes },
      held: [...held.map(({ path }) => path), ...putOff],
    };
    writeKnown(config, left);
  },
};

/** When the last run began that compared all, this one among them, epoch ms; undefined where it isn't known that it did. */
export function comparedAllMs({ changes, copied, startedAt }: Mirror): number | undefined {
  if (changes?.whole === undefined && changes) return changes.known?.comparedAllMs;
  return copied && startedAt.getTime();
}
