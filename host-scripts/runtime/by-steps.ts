import { type BigIntStats, closeSync, constants, lstatSync, openSync } from "node:fs";
import { openFolder } from "./open-folder";

/** Each takes two open files. */
const mostFolders = 400;
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * What lies at and below a name, folder by folder: none of its paths is too long for that, and no link is followed.
 * @param name below the root, byte by byte as latin1
 * @throws {Error} of the file system for the first of them that can't be looked at, and below too many folders
 */
export function* statsBySteps(root: string, name: string): Generator<BigIntStats, void, undefined> {
  const words = name.split("/").map(word => Buffer.from(word, "latin1"));
  let folder = openSync(root, folderFlags);
  try {
    for (const word of words.slice(0, -1)) {
      const next = openSync(at(folder, word), folderFlags);
      closeSync(folder);
      folder = next;
    }
    yield* statsAt(folder, words.at(-1) ?? Buffer.from("."), 1);
  } finally {
    closeSync(folder);
  }
}

function* statsAt(folder: number, name: Buffer, depth: number): Generator<BigIntStats, void, undefined> {
  const stat = lstatSync(at(folder, name), { bigint: true });
  yield stat;
  if (!stat.isDirectory()) return;
  if (depth > mostFolders) throw new Error(`more than ${mostFolders} folders in each other`);
  const own = openSync(at(folder, name), folderFlags);
  try {
    yield* statsIn(own, depth);
  } finally {
    closeSync(own);
  }
}

function* statsIn(folder: number, depth: number): Generator<BigIntStats, void, undefined> {
  const dir = openFolder(Buffer.from(`/proc/self/fd/${folder}`));
  try {
    for (let entry = dir.next(); entry !== null; entry = dir.next())
      yield* statsAt(folder, entry.name, depth + 1);
  } finally {
    dir.close();
  }
}

/** A path as short as can be: that of the folder above is none of it. */
function at(folder: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
}
