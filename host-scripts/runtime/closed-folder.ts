import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
} from "node:fs";
import { errnoOf, Refusal } from "./errors";
import type { Log } from "./log";
import { quoted } from "./quoted";
import { shell } from "./shell";

const onlyRoot = 0o700;

/** Names at the root of a backup disk that begin so are the runners' own, whatever a source calls its entries. */
export const ownPrefix = ".holdfast";

/**
 * Gives a folder to root and closes it to all others: what lies in it has the owners and modes that strangers gave it.
 * @returns whether it was open, or somebody else's
 * @throws {Refusal} for a link, or what else is no folder
 * @throws {Error} of the file system
 */
export function closeFolder(path: string): boolean {
  const folder = openNoLink(path);
  try {
    const { uid, gid, mode } = fstatSync(folder);
    const isOwn = uid === 0 && gid === 0;
    // The owner first: who lost the folder can't open it again.
    if (!isOwn) fchownSync(folder, 0, 0);
    const isClosed = (mode & 0o7777) === onlyRoot;
    if (!isClosed) fchmodSync(folder, onlyRoot);
    return !isOwn || !isClosed;
  } finally {
    closeSync(folder);
  }
}

function openNoLink(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!["ELOOP", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
    throw new Refusal(
      `${quoted(path)} is no folder, but a link or a file in the place of one, which no run has made`,
      shell`ls -ld ${path}   (move it away, and see who could write there)`,
      "Nothing was written to it, nor to where it leads.",
    );
  }
}

/** Closes a backup disk's root, and those folders of a job in it that are there; an earlier version left them open. */
export function closeDisk(disk: string, folders: readonly string[], log: Log): void {
  for (const folder of [disk, ...folders.filter(path => existsSync(path))])
    if (closeFolder(folder)) log.warn(`closed ${quoted(folder)} to all but root`);
}

/** The same for a folder that may not be there yet. Folders above it are made as closed; those that are there stay. */
export function makeClosedFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: onlyRoot });
  closeFolder(path);
}
