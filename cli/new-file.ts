import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { shellWord } from "../plan/contracts/shell-word";
import { errorText } from "../plan/estate/plain";
import { BadInput } from "./bad-input";

/** A file that is asked for by a flag, and isn't there yet. */
export interface NewFile {
  readonly flag: string;
  readonly path: string;
}

/** @throws {BadInput} where something lies there: an earlier break-glass set goes once the new one was verified, not before */
export function refuseExisting({ flag, path }: NewFile): void {
  if (isThere(path))
    throw new BadInput(
      `${flag}: "${path}" is there already, and stays as it is. Name another file, e.g. with the date in it.`,
    );
  const part = partOf(path);
  if (isThere(part))
    throw new BadInput(
      `${flag}: "${part}" is there, as a run leaves it that was cut, and stays as it is. Next: shred -u ${shellWord(part)}`,
    );
}

/**
 * Writes files that their owner alone reads, each whole and all or none of them, and is done once the disk has them.
 * @throws {BadInput} where it can't
 */
export function writeNew(files: readonly (NewFile & { readonly bytes: Uint8Array })[]): void {
  // Others' files stay: these were made here.
  const made: string[] = [];
  try {
    for (const { flag, path, bytes } of files)
      orBadInput({ flag, path }, () => {
        const part = openSync(partOf(path), "wx", 0o600);
        made.push(partOf(path));
        try {
          writeFileSync(part, bytes);
          fsyncSync(part);
        } finally {
          closeSync(part);
        }
      });
    for (const { flag, path } of files)
      orBadInput({ flag, path }, () => {
        renameSync(partOf(path), path);
        made.push(path);
        syncFolder(dirname(path));
      });
    made.length = 0;
  } finally {
    for (const path of made) rmSync(path, { force: true });
  }
}

function partOf(path: string): string {
  return `${path}.part`;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function orBadInput({ flag, path }: NewFile, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new BadInput(`${flag}: "${path}" can't be written: ${errorText(error)}.`);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
