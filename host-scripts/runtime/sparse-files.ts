import { type BigIntStats, closeSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ownPrefix } from "./closed-folder";
import { errnoOf } from "./errors";
import { filesIn } from "./files-in";
import { type AroundHoles, copyOpenFile, hasLargeHoles, haveSameContent, openPlainFile } from "./holes";
import type { Log } from "./log";
import { quoted, shortened } from "./quoted";
import { belowFoldersOf, inTree, isFolderIn, makeFoldersAbove, statIn } from "./tree-path";

/** Names of one file, byte by byte as latin1, below the root of a tree. */
export type SparseFile = readonly [string, ...string[]];

/**
 * Files with large holes on a tree's own file system. No link is followed, and what can't be read is rsync's to tell.
 * @param names entries below the root, with all below them
 * @param onFile is shown each file
 */
export function sparseFiles(
  root: string,
  names: readonly string[],
  onFile: (stat: BigIntStats) => void = () => undefined,
): SparseFile[] {
  const { dev } = lstatSync(root, { bigint: true });
  const found = new Map<bigint, [string, ...string[]]>();
  const look = (name: string): void => {
    const stat = statIn(root, name);
    if (!stat?.isFile() || stat.dev !== dev) return;
    onFile(stat);
    if (!hasLargeHoles(stat)) return;
    const others = found.get(stat.ino);
    if (others) others.push(name);
    else found.set(stat.ino, [name]);
  };
  const isBelowFolders = belowFoldersOf(root);
  for (const name of new Set(names)) {
    if (!isBelowFolders(name)) continue;
    if (isFolderIn(root, name)) for (const file of filesIn(root, name, () => undefined)) look(file);
    else look(name);
  }
  return [...found.values()].map(all => [...new Set(all)] as [string, ...string[]]);
}

/** In the tree that gets them, closed to all but root, while there is something in it. */
const ownName = `${ownPrefix}-restore-part`;

export interface SparsePair extends AroundHoles {
  readonly from: string;
  readonly into: string;
  readonly log: Log;
}

/**
 * Gives a tree files with large holes, and the names of each: rsync then finds size and time to be the same and sees to the rest.
 * What can't be done here is left to rsync.
 */
export async function bringSparseFiles(pair: SparsePair, files: readonly SparseFile[]): Promise<void> {
  const { into, log, stop } = pair;
  const own = join(into, ownName);
  // What a killed one had of a file takes the room of all that is to come.
  rmSync(own, { recursive: true, force: true });
  if (files.length === 0) return;
  mkdirSync(own, { mode: 0o700 });
  try {
    for (const names of files) {
      const fault = await bring(pair, names, join(own, "part"));
      if (stop.aborted) return;
      if (fault !== undefined)
        log.warn(`${shortened(quoted(inTree(into, names[0])))} is left to rsync: ${fault}`);
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function bring(pair: SparsePair, names: SparseFile, part: string): Promise<string | undefined> {
  const { from, into } = pair;
  const [first, ...others] = names;
  const file = openPlainFile(inTree(from, first));
  if (file === undefined) return "it can't be opened";
  try {
    if (!names.every(name => makeFoldersAbove(into, name)))
      return "a link is in the place of a folder above it";
    if (names.some(name => statIn(into, name)?.isFile() === false)) return "something else is in its place";
    if (!(await isThere(pair, first))) {
      const fault = await copyOpenFile(file, part, pair);
      if (fault !== undefined) return fault;
      renameSync(part, inTree(into, first));
    }
    const { ino } = lstatSync(inTree(into, first));
    for (const name of others) {
      if (statIn(into, name)?.ino === BigInt(ino)) continue;
      rmSync(inTree(into, name), { force: true });
      linkSync(inTree(into, first), inTree(into, name));
    }
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return String(error);
  } finally {
    closeSync(file);
  }
}

/** Whether rsync would take a file for the same by size and time, and rightly. */
async function isThere(pair: SparsePair, name: string): Promise<boolean> {
  const [copy, original] = [statIn(pair.into, name), statIn(pair.from, name)];
  return copy?.mtimeNs === original?.mtimeNs && (await isSame(pair, name));
}

async function isSame({ from, into, timeoutMs, stop }: SparsePair, name: string): Promise<boolean> {
  if (statIn(into, name)?.size !== statIn(from, name)?.size || !belowFoldersOf(into)(name)) return false;
  const files = [from, into].map(root => openPlainFile(inTree(root, name)));
  try {
    const [one, other] = files;
    return (
      one !== undefined && other !== undefined && (await haveSameContent([one, other], { timeoutMs, stop }))
    );
  } finally {
    for (const file of files) if (file !== undefined) closeSync(file);
  }
}

/**
 * Compares files with large holes by content with their copies.
 * @returns names of those of which each is the same: the rest is rsync's to compare
 */
export async function sameSparseFiles(pair: SparsePair, files: readonly SparseFile[]): Promise<Set<string>> {
  const same = new Set<string>();
  for (const names of files) {
    let isEach = true;
    for (const name of names) isEach = isEach && (await isSame(pair, name));
    if (isEach) for (const name of names) same.add(name);
  }
  return same;
}
