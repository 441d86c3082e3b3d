import { type BigIntStats, lstatSync, mkdirSync } from "node:fs";
import { reach } from "./reach";

/** Path of a name, byte by byte as latin1, below a root. */
export function inTree(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
}

/** What a path is, however long it is. @throws {Error} of the file system */
export function statAt(path: Buffer): BigIntStats {
  return reach(path, short => lstatSync(short, { bigint: true }));
}

/** What a name is; undefined when nothing is there, and when it can't be looked at: that is rsync's to tell. */
export function statIn(root: string, name: string): BigIntStats | undefined {
  try {
    return statAt(inTree(root, name));
  } catch {
    return undefined;
  }
}

/** Whether a name is a folder, and no link to one. */
export function isFolderIn(root: string, name: string): boolean {
  return statIn(root, name)?.isDirectory() === true;
}

/** Folders above a name, the outermost first. */
export function foldersAbove(name: string): string[] {
  const words = name.split("/");
  return words.slice(1).map((_, index) => words.slice(0, index + 1).join("/"));
}

/** @returns whether each folder above a name is one of the tree itself, and no link that leads out of it */
export function belowFoldersOf(root: string): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const isFolder = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const found = isFolderIn(root, name);
    known.set(name, found);
    return found;
  };
  return name => foldersAbove(name).every(isFolder);
}

/**
 * The same, but those that are missing are made, open to root alone: what they are to be is rsync's to give them.
 * @throws {Error} of the file system
 */
export function makeFoldersAbove(root: string, name: string): boolean {
  for (const folder of foldersAbove(name))
    if (statIn(root, folder) === undefined) mkdirSync(inTree(root, folder), 0o700);
  return belowFoldersOf(root)(name);
}
