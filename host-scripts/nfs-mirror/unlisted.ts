import type { BigIntStats } from "node:fs";
import { acceptCommand } from "../runtime/arguments";
import { statsBySteps } from "../runtime/by-steps";
import { required } from "../runtime/required";
import type { RsyncPass } from "../runtime/rsync";
import { statIn } from "../runtime/tree-path";
import { frozenIn, holderIn } from "./held";
import { keyOf, namesOf, shown } from "./lacking";
import { isMeant, type Mirror, serviceOf } from "./mirror";

/** More entries than that are as good as unseen: a look at them would take a part of the night. */
const mostSeen = 100_000;

/** Where a scan could not look. */
interface Place {
  readonly name: string;
  /** Somebody answers for it in the estate. */
  readonly isAnswered: boolean;
}

/** @returns names below the source that a scan has left out, with all that may lie below them */
export function unlistedBy(mirror: Mirror, { outcome, lacked }: RsyncPass): readonly string[] {
  const { source, target } = mirror.config;
  const away = mirror.held.filter(({ isFrozen }) => isFrozen === true).map(({ path }) => path);
  if (outcome !== "partial") return away;
  const told = lacked.entries
    .filter(({ hasVanished }) => hasVanished !== true)
    .map(({ path }) => path.toString("latin1"));
  const ofSource = told.filter(name => !name.startsWith(`${target.path}/`));
  return [...away, ...ofSource.flatMap(name => namesOf({ source, target }, name))];
}

/**
 * What went may lie where the scan could not look, and then has no other copy than that of its earlier name. A look of our own,
 * step by step, gets below a path that is too long, and tells what lies there. Where that fails too, each file that went
 * is kept unless it was found under another name: until it can be listed, or an operator says that what went is meant to.
 */
export function holdUnlisted(mirror: Mirror): void {
  const { config, held, moves = [] } = mirror;
  const { listed, unlisted } = required(mirror.scan, "scan");
  if (!listed || unlisted.length === 0 || listed.deleted.length + listed.replaced.size === 0) return;
  const placeOf = lookInto(mirror, unlisted);
  const [keptBy, isFrozen] = [holderIn(held), frozenIn(mirror)];
  const moved = new Set(moves.map(({ from }) => from));
  const kept = new Map<string, { place: Place; files: number }>();
  const keep = (path: string, place: Place, isReplaced: boolean): void => {
    const service = serviceOf(path);
    const own = kept.get(service) ?? { place, files: 0 };
    kept.set(service, { place: own.place, files: own.files + 1 });
    held.push({
      ...{ path, next: acceptCommand(config.job, Buffer.from(service, "latin1")) },
      reason: `${isReplaced ? "what it was" : "it"} may lie in ${shown(place.name)}, which can't be listed`,
      // A copy that isn't brought up to date is no success, whoever answers for what.
      ...(isReplaced ? { isFrozen: true } : { isAnswered: place.isAnswered }),
    });
  };
  for (const path of listed.deleted) {
    if (moved.has(path) || isMeant(mirror, path) || keptBy(path)) continue;
    const place = placeOf(statIn(config.target.path, path));
    if (place) keep(path, place, false);
  }
  for (const path of listed.replaced) {
    if (isMeant(mirror, path) || isFrozen(path)) continue;
    const place = placeOf(statIn(config.target.path, path), "seen");
    if (place) keep(path, place, true);
  }
  for (const [service, { place, files }] of kept) tell(mirror, service, place, files);
}

/** @returns where a file of the target may lie now; with "seen" only where one of its size and time does */
function lookInto(
  mirror: Mirror,
  unlisted: readonly string[],
): (stat: BigIntStats | undefined, how?: "seen") => Place | undefined {
  const holderOf = holderIn(mirror.held);
  const places = unlisted.map(name => ({ name, isAnswered: holderOf(name)?.isAnswered === true }));
  const seen = new Map<string, Place>();
  let unseen: Place | undefined;
  // What nobody answers for comes last: it is the one that is told.
  for (const place of [...places].sort((one, other) => Number(other.isAnswered) - Number(one.isAnswered))) {
    const keys = isAway(mirror, place.name) ? undefined : keysBelow(mirror.config.source.path, place.name);
    if (keys === undefined) unseen = place;
    else for (const key of keys) seen.set(key, place);
  }
  return (stat, how) => {
    const key = keyOf(stat);
    return key === undefined ? undefined : (seen.get(key) ?? (how === "seen" ? undefined : unseen));
  };
}

/** What a folder shows whose file system is away is not what lies there. */
function isAway({ held }: Mirror, name: string): boolean {
  return held.some(({ path, isFrozen }) => path === name && isFrozen === true);
}

/** @returns undefined when not all could be looked at */
function keysBelow(root: string, name: string): readonly string[] | undefined {
  const keys: string[] = [];
  let entries = 0;
  try {
    for (const stat of statsBySteps(root, name)) {
      entries += 1;
      if (entries > mostSeen) return undefined;
      const key = keyOf(stat);
      if (key !== undefined) keys.push(key);
    }
  } catch {
    return undefined;
  }
  return keys;
}

function tell({ config, log, notes }: Mirror, service: string, place: Place, files: number): void {
  const text = `${files} files of ${shown(service)} that went are kept, as they may lie in ${shown(place.name)}, which can't be listed   (if they are meant to go: ${acceptCommand(config.job, Buffer.from(service, "latin1"))})`;
  if (place.isAnswered) notes.push(text);
  else log.warn(text);
}
