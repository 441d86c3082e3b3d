import { type BigIntStats, closeSync, renameSync } from "node:fs";
import { messageOf } from "../runtime/errors";
import { hasLargeHoles, haveSameContent, openPlainFile } from "../runtime/holes";
import { quoted } from "../runtime/quoted";
import { belowFoldersOf, inTree, statIn } from "../runtime/tree-path";
import type { Mirror, Move } from "./mirror";
import { wholeMoves } from "./moved-links";
import { giveName } from "./moves";

/**
 * Gives renamed files with large holes their new names at the target, once what they hold was compared: rsync would read each byte of
 * the holes, on both sides, and might end on no night. @returns those that are proven so
 */
export async function moveSparse(mirror: Mirror): Promise<Move[]> {
  const { source, target } = mirror.config;
  const known = new Map<string, boolean>();
  const moved: Move[] = [];
  for (const each of wholeMoves(mirror.config, mirror.moves ?? [])) {
    const now = statIn(source.path, each.to);
    if (!now || !hasLargeHoles(now) || !belowFoldersOf(source.path)(each.to)) continue;
    // Of one with several names it is asked for each. Another file system below the source has numbers of its own.
    const file = `${now.dev}:${now.ino}`;
    const isSame = known.get(file) ?? (await hasContentOf(mirror, each, now));
    known.set(file, isSame);
    if (isSame && giveName(target.path, each, renameSync)) moved.push(each);
  }
  return moved;
}

async function hasContentOf(
  { config: { source, target, budgetMs }, stop, log }: Mirror,
  { from, to }: Move,
  now: BigIntStats,
): Promise<boolean> {
  if (!belowFoldersOf(target.path)(from) || statIn(target.path, from)?.size !== now.size) return false;
  const files = [inTree(target.path, from), inTree(source.path, to)].map(openPlainFile);
  const [copy, original] = files;
  try {
    if (copy === undefined || original === undefined) return false;
    return await haveSameContent([copy, original], { timeoutMs: budgetMs, stop: stop.signal });
  } catch (error) {
    log.warn(`${quoted(inTree(source.path, to))} is copied anew: ${messageOf(error)}`);
    return false;
  } finally {
    for (const file of files) if (file !== undefined) closeSync(file);
  }
}
