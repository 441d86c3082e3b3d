import { setImmediate as turn } from "node:timers/promises";
import { acceptCommand } from "../runtime/arguments";
import { statsBySteps } from "../runtime/by-steps";
import { errnoOf } from "../runtime/errors";
import { required } from "../runtime/required";
import { statIn } from "../runtime/tree-path";
import { cameMeanwhile } from "./came-meanwhile";
import { frozenIn, holderIn } from "./held";
import { keyOf, shown } from "./lacking";
import { isMeant, type Mirror, serviceOf } from "./mirror";
import { scanOverwritten } from "./scan";

/** Share of a run's budget in which it looks by itself: what is left then is as good as unseen. */
const mostLook = 1 / 4;
/** After so many it sees whether it was told to stop. */
const entriesPerTurn = 1000;

/** Where a scan has not looked. */
interface Place {
  readonly name: string;
  /** It came while the scan looked elsewhere. */
  readonly isFresh: boolean;
  /** It is a file system that isn't there. */
  readonly isAway: boolean;
  /** Somebody answers for it in the estate, or the next run does. */
  readonly isAnswered: boolean;
}

/**
 * What went may lie where the scan could not look, and then has no other copy than that of its earlier name. A look of our own,
 * step by step, gets below a path that is too long, and tells what lies there. Where that fails too, each file that went
 * is kept unless it was found under another name: until it can be listed, or an operator says that what went is meant to. What came
 * while it looked has its copy, and its earlier name goes, in the next run.
 */
export async function holdUnlisted(mirror: Mirror): Promise<void> {
  const { config, held, moves = [] } = mirror;
  const { listed, unlisted, ...scan } = required(mirror.scan, "scan");
  const doomed = listed?.deleted ?? [];
  if (doomed.length + (scan.overwritten?.length ?? 1) === 0) return;
  const moved = new Set(moves.map(({ from }) => from));
  const [keptBy, isFrozen] = [holderIn(held), frozenIn(mirror)];
  const isOverwritten = (name: string): boolean => !isMeant(mirror, name) && !isFrozen(name);
  const deleted = doomed.filter(name => !moved.has(name) && !isMeant(mirror, name) && !keptBy(name));
  const keyAt = (name: string): string | undefined => keyOf(statIn(config.target.path, name));
  const keys =
    scan.overwritten && new Set([...deleted, ...scan.overwritten.filter(isOverwritten)].map(keyAt));
  const fresh = deleted.length === 0 ? [] : await cameMeanwhile(mirror);
  if (unlisted.length + fresh.length === 0) return;
  const { seen, unseen } = await lookInto(
    mirror,
    [...placesOf(mirror, unlisted), ...fresh.map(asFresh)],
    keys,
  );
  const isSeen = (name: string): boolean => seen.has(keyAt(name) ?? "");
  const overwritten = (scan.overwritten ?? (await scanOverwritten(mirror, isSeen))).filter(isOverwritten);
  const kept = new Map<string, { place: Place; files: number }>();
  const keep = (path: string, place: Place, isReplaced: boolean): void => {
    const service = serviceOf(path);
    const own = kept.get(service) ?? { place, files: 0 };
    kept.set(service, { place: own.place, files: own.files + 1 });
    held.push({
      ...{ path, next: acceptCommand(config.job, Buffer.from(service, "latin1")) },
      reason: `${isReplaced ? "what it was" : "it"} may lie in ${whereOf(place)}`,
      // A copy that isn't brought up to date is no success, whoever answers for what.
      ...(isReplaced ? { isFrozen: true } : { isAnswered: place.isAnswered }),
    });
  };
  for (const path of deleted) {
    const key = keyAt(path);
    const place = key === undefined ? undefined : (seen.get(key) ?? unseen);
    if (place) keep(path, place, false);
  }
  for (const path of overwritten) {
    const place = seen.get(keyAt(path) ?? "");
    if (place) keep(path, place, true);
  }
  for (const [service, { place, files }] of kept) tell(mirror, service, place, files);
}

function placesOf({ held }: Mirror, unlisted: readonly string[]): Place[] {
  const holderOf = holderIn(held);
  return unlisted.map(name => {
    const { isAway = false, isAnswered = false } = holderOf(name) ?? {};
    return { name, isFresh: false, isAway, isAnswered };
  });
}

function asFresh(name: string): Place {
  return { name, isFresh: true, isAway: false, isAnswered: true };
}

function whereOf({ name, isFresh }: Place): string {
  return `${shown(name)}, which ${isFresh ? "came while the source was looked at" : "isn't copied"}`;
}

/**
 * @param keys sizes and times that are asked for; left out where what is overwritten is too much for a list: then all are
 * @returns where files of these sizes and times were seen, and a place into which nobody could look
 */
async function lookInto(
  { config, stop }: Mirror,
  places: readonly Place[],
  keys: ReadonlySet<string | undefined> | undefined,
): Promise<{ readonly seen: ReadonlyMap<string, Place>; readonly unseen: Place | undefined }> {
  const seen = new Map<string, Place>();
  const unseen: Place[] = [];
  const endMs = performance.now() + config.budgetMs * mostLook;
  const goesOn = (): boolean => !stop.stopped && performance.now() < endMs && seen.size <= config.mostListed;
  for (const place of places) {
    const onSeen = (key: string): void => void (keys?.has(key) !== false && seen.set(key, place));
    const end = place.isAway ? "cut" : await seeAll(config.source.path, place.name, { onSeen, goesOn });
    // What came and went meanwhile is some program's own for a moment.
    if (end === "cut" || (end === "gone" && !place.isFresh)) unseen.push(place);
    stop.check("hold");
  }
  return { seen, unseen: unseen.find(({ isAnswered }) => !isAnswered) ?? unseen[0] };
}

/** @returns whether all that lies at and below a name could be looked at, or why not: some of it went meanwhile, or it can't be */
async function seeAll(
  root: string,
  name: string,
  { onSeen, goesOn }: { onSeen(key: string): void; goesOn(): boolean },
): Promise<"all" | "gone" | "cut"> {
  let entries = 0;
  try {
    for (const stat of statsBySteps(root, name)) {
      const key = keyOf(stat);
      if (key !== undefined) onSeen(key);
      entries += 1;
      if (entries % entriesPerTurn !== 0) continue;
      await turn();
      if (!goesOn()) return "cut";
    }
    return "all";
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? "gone" : "cut";
  }
}

function tell({ config, log, notes }: Mirror, service: string, place: Place, files: number): void {
  const text = `${files} files of ${shown(service)} that went are kept, as they may lie in ${whereOf(place)}   (if they are meant to go: ${acceptCommand(config.job, Buffer.from(service, "latin1"))})`;
  if (place.isAnswered) notes.push(text);
  else log.warn(text);
}
