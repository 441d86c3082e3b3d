import { acceptCommand } from "../runtime/arguments";
import { statsBySteps } from "../runtime/by-steps";
import { required } from "../runtime/required";
import type { RsyncPass } from "../runtime/rsync";
import { statIn } from "../runtime/tree-path";
import { frozenIn, holderIn } from "./held";
import { keyOf, namesOf, shown } from "./lacking";
import { isMeant, type Mirror, serviceOf } from "./mirror";
import { hiddenByKeep } from "./verify";

/** More entries than that are as good as unseen: a look at them would take minutes of the night. */
const mostSeen = 1_000_000;

/** Where a scan could not look. */
interface Place {
  readonly name: string;
  /** Somebody answers for it in the estate. */
  readonly isAnswered: boolean;
}

/** @returns names below the source that a scan has left out, with all that may lie below them */
export function unlistedBy(mirror: Mirror, { outcome, lacked }: RsyncPass): readonly string[] {
  const { source, target } = mirror.config;
  const left = [
    ...mirror.held.filter(({ isFrozen }) => isFrozen === true).map(({ path }) => path),
    ...hiddenByKeep(mirror).map(name => Buffer.from(name).toString("latin1")),
  ];
  if (outcome !== "partial") return left;
  const told = lacked.entries
    .filter(({ hasVanished }) => hasVanished !== true)
    .map(({ path }) => path.toString("latin1"));
  const ofSource = told.filter(name => !name.startsWith(`${target.path}/`));
  return [...left, ...ofSource.flatMap(name => namesOf({ source, target }, name))];
}

/**
 * What went may lie where the scan could not look, and then has no other copy than that of its earlier name. A look of our own,
 * step by step, gets below a path that is too long, and tells what lies there. Where that fails too, each file that went
 * is kept unless it was found under another name: until it can be listed, or an operator says that what went is meant to.
 */
export function holdUnlisted(mirror: Mirror): void {
  const { config, held, moves = [] } = mirror;
  const { listed, unlisted } = required(mirror.scan, "scan");
  if (!listed || unlisted.length === 0 || listed.deleted.length + listed.overwritten.length === 0) return;
  const moved = new Set(moves.map(({ from }) => from));
  const [keptBy, isFrozen] = [holderIn(held), frozenIn(mirror)];
  const deleted = listed.deleted.filter(name => !moved.has(name) && !isMeant(mirror, name) && !keptBy(name));
  const overwritten = listed.overwritten.filter(name => !isMeant(mirror, name) && !isFrozen(name));
  const keys = new Map(
    [...deleted, ...overwritten].map(name => [name, keyOf(statIn(config.target.path, name))] as const),
  );
  const { seen, unseen } = lookInto(mirror, unlisted, new Set(keys.values()));
  const kept = new Map<string, { place: Place; files: number }>();
  const keep = (path: string, place: Place, isOverwritten: boolean): void => {
    const service = serviceOf(path);
    const own = kept.get(service) ?? { place, files: 0 };
    kept.set(service, { place: own.place, files: own.files + 1 });
    held.push({
      ...{ path, next: acceptCommand(config.job, Buffer.from(service, "latin1")) },
      reason: `${isOverwritten ? "what it was" : "it"} may lie in ${shown(place.name)}, which isn't copied`,
      // A copy that isn't brought up to date is no success, whoever answers for what.
      ...(isOverwritten ? { isFrozen: true } : { isAnswered: place.isAnswered }),
    });
  };
  for (const path of deleted) {
    const key = keys.get(path);
    const place = key === undefined ? undefined : (seen.get(key) ?? unseen);
    if (place) keep(path, place, false);
  }
  for (const path of overwritten) {
    const place = seen.get(keys.get(path) ?? "");
    if (place) keep(path, place, true);
  }
  for (const [service, { place, files }] of kept) tell(mirror, service, place, files);
}

/** @returns where files of these sizes and times were seen, and a place into which nobody could look */
function lookInto(
  { config, held }: Mirror,
  unlisted: readonly string[],
  keys: ReadonlySet<string | undefined>,
): { readonly seen: ReadonlyMap<string, Place>; readonly unseen: Place | undefined } {
  const holderOf = holderIn(held);
  const seen = new Map<string, Place>();
  const unseen: Place[] = [];
  for (const name of unlisted) {
    const holder = holderOf(name);
    const place = { name, isAnswered: holder?.isAnswered === true };
    const onSeen = (key: string): void => void (keys.has(key) && seen.set(key, place));
    if (holder?.isAway === true || !seesAll(config.source.path, name, onSeen)) unseen.push(place);
  }
  return { seen, unseen: unseen.find(({ isAnswered }) => !isAnswered) ?? unseen[0] };
}

/** @returns false when not all that lies at and below a name could be looked at */
function seesAll(root: string, name: string, onSeen: (key: string) => void): boolean {
  let entries = 0;
  try {
    for (const stat of statsBySteps(root, name)) {
      entries += 1;
      if (entries > mostSeen) return false;
      const key = keyOf(stat);
      if (key !== undefined) onSeen(key);
    }
    return true;
  } catch {
    return false;
  }
}

function tell({ config, log, notes }: Mirror, service: string, place: Place, files: number): void {
  const text = `${files} files of ${shown(service)} that went are kept, as they may lie in ${shown(place.name)}, which isn't copied   (if they are meant to go: ${acceptCommand(config.job, Buffer.from(service, "latin1"))})`;
  if (place.isAnswered) notes.push(text);
  else log.warn(text);
}
