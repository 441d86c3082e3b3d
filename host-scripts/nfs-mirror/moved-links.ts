import type { BigIntStats } from "node:fs";
import { statIn } from "../runtime/tree-path";
import type { Listed, Mirror, Move } from "./mirror";
import { hasUnprovenTime } from "./unproven";

/** A file with several names, and those of them that are asked for. */
interface LinkedFile {
  readonly stat: BigIntStats;
  readonly names: string[];
}

/**
 * What was renamed of files that have several names: all of a file's names go, and a new one of its size and time has as many new ones,
 * called the same. Of one that keeps a name, nothing has to be copied: rsync links to that.
 */
export function linkedMoves(
  { source, target }: Mirror["config"],
  { deleted, changed }: Pick<Listed, "deleted" | "changed">,
): Move[] {
  const going = filesOf(target.path, deleted).filter(
    file => hasAllNames(file) && !hasUnprovenTime(file.stat),
  );
  if (going.length === 0) return [];
  const coming = new Map<string, LinkedFile[]>();
  for (const file of filesOf(
    source.path,
    changed.filter(name => statIn(target.path, name) === undefined),
  )) {
    const files = coming.get(keyOf(file));
    if (files) files.push(file);
    else coming.set(keyOf(file), [file]);
  }
  return going.flatMap(file => {
    const names = coming.get(keyOf(file))?.pop()?.names ?? [];
    return names.map((to, index) => ({ from: file.names[index] ?? "", to }));
  });
}

/** Only with all of its names: of one that stays, the time would be that of what isn't proven. */
export function wholeMoves({ target }: Mirror["config"], moves: readonly Move[]): readonly Move[] {
  const linked = filesOf(
    target.path,
    moves.map(({ from }) => from),
  );
  const left = new Set(linked.filter(file => !hasAllNames(file)).flatMap(({ names }) => names));
  return moves.filter(({ from }) => !left.has(from));
}

function filesOf(root: string, names: readonly string[]): LinkedFile[] {
  const files = new Map<string, LinkedFile>();
  for (const name of names) {
    const stat = statIn(root, name);
    if (!stat?.isFile() || stat.size === 0n || stat.nlink === 1n) continue;
    const key = `${stat.dev}:${stat.ino}`;
    const file = files.get(key) ?? { stat, names: [] };
    file.names.push(name);
    files.set(key, file);
  }
  // By their last names, so that those of two files meet.
  for (const { names } of files.values()) names.sort((one, other) => (lastOf(one) < lastOf(other) ? -1 : 1));
  return [...files.values()];
}

function hasAllNames({ stat, names }: LinkedFile): boolean {
  return stat.nlink === BigInt(names.length);
}

function keyOf({ stat, names }: LinkedFile): string {
  return [stat.size, stat.mtimeNs, ...names.map(lastOf)].join("/");
}

/** What a name is called in its folder. */
export function lastOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
