import { type BigIntStats, lutimesSync, renameSync } from "node:fs";
import { hasLargeHoles } from "../runtime/holes";
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
import { createAlike } from "./alike";
import type { Listed, Mirror, Move } from "./mirror";
import { lastOf, linkedMoves, wholeMoves } from "./moved-links";
import { hasUnprovenTime, unprovenS } from "./unproven";

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
    const [named, large] = [new Map<string, string[]>(), new Map<string, string[]>()];
    for (const name of listed.deleted) {
      const keys = keysOf(name, statIn(target.path, name));
      if (keys?.named !== undefined) add(named, keys.named, name);
      if (keys?.large !== undefined) add(large, keys.large, name);
    }
    const alike = createAlike(target.path, large);
    const taken = new Set<string>();
    const moves: Move[] = [];
    for (const to of listed.created) {
      const keys = keysOf(to, statIn(source.path, to));
      if (!keys) continue;
      const from =
        takeFree(named.get(keys.named), taken) ??
        (keys.large === undefined ? undefined : takeFree(alike(keys.large, inTree(source.path, to)), taken));
      if (from !== undefined) moves.push({ from, to });
    }
    moves.push(...linkedMoves(mirror.config, listed));
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

/** Gives each found file its new name at the target, but those with large holes. @returns new names whose content has to be proven */
export function move({ config, moves = [] }: Mirror): Move[] {
  const { source, target } = config;
  return wholeMoves(config, moves).filter(each => {
    const [now, before] = [statIn(source.path, each.to), statIn(target.path, each.from)];
    if (!before || (now && hasLargeHoles(now))) return false;
    return giveName(target.path, each, (old, fresh) => renameUnproven(old, fresh, before));
  });
}

/** @returns whether it could be done: what the mirror's disk doesn't let do, the copy finds too, names it, and goes on */
export function giveName(
  root: string,
  { from, to }: Move,
  rename: (old: Buffer, fresh: Buffer) => void,
): boolean {
  if (!belowFoldersOf(root)(from)) return false;
  try {
    if (!makeFoldersAbove(root, to) || statIn(root, to) !== undefined) return false;
    rename(inTree(root, from), inTree(root, to));
    return true;
  } catch {
    return false;
  }
}

/** @throws {Error} of the file system; the file has its own time then */
function renameUnproven(old: Buffer, fresh: Buffer, { atimeNs, mtimeNs }: BigIntStats): void {
  lutimesSync(old, unprovenS, unprovenS);
  try {
    renameSync(old, fresh);
  } catch (error) {
    lutimesSync(old, Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
    throw error;
  }
}

/** Whether an earlier run ended before it had proven what it moved here. */
export function isUnproven(mirror: Mirror, name: string): boolean {
  return hasUnprovenTime(statIn(mirror.config.target.path, name));
}

/** From this size on it is worth a try whatever a file is called; a wrong guess costs that its content is read. */
const leastBytes = 1024 * 1024;

/** What a file and its new name have in common: with its last name, and without it where it is large. */
function keysOf(name: string, stat: BigIntStats | undefined): { named: string; large?: string } | undefined {
  // A file of several names is moved with all of them. One that has the time of what is unproven (all of a Nix store do) would pass
  // for proven.
  if (!stat?.isFile() || stat.size === 0n || stat.nlink > 1n || hasUnprovenTime(stat)) return undefined;
  const key = `${stat.size} ${stat.mtimeNs}`;
  const named = `${key} ${lastOf(name)}`;
  return stat.size < leastBytes ? { named } : { named, large: key };
}

function add(to: Map<string, string[]>, key: string, name: string): void {
  const names = to.get(key);
  if (names) names.push(name);
  else to.set(key, [name]);
}

function takeFree(names: string[] | undefined, taken: Set<string>): string | undefined {
  for (let name = names?.pop(); name !== undefined; name = names?.pop()) {
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
  return undefined;
}
