import { type BigIntStats, lutimesSync, renameSync } from "node:fs";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import {
  belowFoldersOf,
  foldersAbove,
  inTree,
  isFolderIn,
  makeFoldersAbove,
  statIn,
} from "../runtime/tree-path";
import { areAlike } from "./alike";
import { hasLargeHoles } from "./holes";
import type { Listed, Mirror } from "./mirror";

/** A file of the target that would go, and the new name for which it would be copied again. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Time of a moved file until its content is proven, in s since 1970: a run that ends in between leaves nothing that passes for
 * a copy.
 */
const unprovenS = 1;

/**
 * Finds what was renamed: a new file that has size, time and last name of one that would go; of a
 * large one the name may be another, if it begins and ends with the same bytes. So a folder
 * that got another name needs no room for a second copy of itself, and is no deletion. Reads only.
 */
export const match: Phase<Mirror> = {
  name: "match",
  async run(mirror) {
    const { listed, whole } = required(mirror.scan, "scan");
    if (!listed || !whole || listed.created.length === 0 || listed.deleted.length === 0) return;
    const { source, target } = mirror.config;
    const doomed = new Map<string, string[]>();
    for (const name of listed.deleted)
      for (const key of keysOf(name, statIn(target.path, name))) add(doomed, key, name);
    const taken = new Set<string>();
    const moves: Move[] = [];
    for (const to of listed.created) {
      const from = takeFree(keysOf(to, statIn(source.path, to)), doomed, taken, name =>
        isLikely(mirror, name, to),
      );
      if (from === undefined) continue;
      moves.push({ from, to });
    }
    mirror.moves = moves;
    mirror.lost = lostBy(mirror, listed, moves);
    if (moves.length > 0) mirror.log.info(`${moves.length} files have another name than before`);
  },
};

/** What goes and leaves nothing under another name. A folder is lost with what it holds. */
export function lostBy({ config }: Mirror, listed: Listed, moves: readonly Move[]): number {
  const moved = new Set(moves.map(({ from }) => from));
  const emptied = new Set([...moved].flatMap(foldersAbove));
  const left = listed.deleted.filter(name => !moved.has(name));
  const kept = new Set(
    left.filter(name => !emptied.has(name) || !isFolderIn(config.target.path, name)).flatMap(foldersAbove),
  );
  return left.filter(name => !emptied.has(name) || kept.has(name)).length;
}

/** Gives each found file its new name at the target. @returns new names whose content has to be proven */
export function move(mirror: Mirror): Move[] {
  const { source, target } = mirror.config;
  const isBelowFolders = belowFoldersOf(target.path);
  return (mirror.moves ?? []).filter(({ from, to }) => {
    const now = statIn(source.path, to);
    // It is copied by what it holds: a proof would read each byte of its holes, on both sides, and might end on no night.
    if (now && hasLargeHoles(now)) return false;
    const [old, fresh] = [inTree(target.path, from), inTree(target.path, to)];
    if (!isBelowFolders(from) || !makeFoldersAbove(target.path, to)) return false;
    if (statIn(target.path, to) !== undefined) return false;
    lutimesSync(old, unprovenS, unprovenS);
    renameSync(old, fresh);
    return true;
  });
}

/** Whether an earlier run ended before it had proven what it moved here. */
export function isUnproven(mirror: Mirror, name: string): boolean {
  return hasUnprovenTime(statIn(mirror.config.target.path, name));
}

function hasUnprovenTime(stat: BigIntStats | undefined): boolean {
  return stat?.mtimeMs === BigInt(unprovenS * 1000);
}

/** A file that was encrypted in place has size and time of the good copy that it would take the place of, by another name. */
function isLikely({ config: { source, target } }: Mirror, from: string, to: string): boolean {
  return lastOf(from) === lastOf(to) || areAlike(inTree(target.path, from), inTree(source.path, to));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** From this size on it is worth a try whatever a file is called; a wrong guess costs that its content is read. */
const leastBytes = 1024 * 1024;

/** What a file and its new name have in common, the surest first. */
function keysOf(name: string, stat: BigIntStats | undefined): string[] {
  // The time of a file with several names is that of others too, whose content isn't proven. One that has the time of what is
  // unproven (all of a Nix store do) would pass for proven.
  if (!stat?.isFile() || stat.size === 0n || stat.nlink > 1n || hasUnprovenTime(stat)) return [];
  const key = `${stat.size} ${stat.mtimeNs}`;
  const named = `${key} ${lastOf(name)}`;
  return stat.size < leastBytes ? [named] : [named, key];
}

function add(to: Map<string, string[]>, key: string, name: string): void {
  const names = to.get(key);
  if (names) names.push(name);
  else to.set(key, [name]);
}

function takeFree(
  keys: readonly string[],
  doomed: ReadonlyMap<string, string[]>,
  taken: Set<string>,
  isLike: (from: string) => boolean,
): string | undefined {
  for (const key of keys) {
    const names = doomed.get(key);
    for (let name = names?.pop(); name !== undefined; name = names?.pop()) {
      if (taken.has(name) || !isLike(name)) continue;
      taken.add(name);
      return name;
    }
  }
  return undefined;
}
