import { closeSync, lstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";

/** By what a page that a command wrote is known, and the flag that names its file. */
export interface PageKind {
  readonly command: string;
  readonly flag: string;
  /** How each of them begins. */
  readonly mark: string;
}

/** Writes a page whole, or not at all, in the place of an earlier one or of nothing. @throws {BadInput} where something else lies there, or it can't */
export function writePage(path: string, page: string, { command, flag, mark }: PageKind): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) && !begins(path, mark))
      throw new BadInput(
        `${flag}: "${path}" was not written by "holdfast ${command}", and stays as it is. Name another file, or move it away.`,
      );
    // Two calls at once, or a cut one, are in nobody's way.
    const part = `${path}.${process.pid}.part`;
    try {
      writeFileSync(part, page, { flag: "wx" });
      renameSync(part, path);
    } finally {
      rmSync(part, { force: true });
    }
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${flag}: "${path}" can't be written: ${errorText(error)}.`);
  }
}

function begins(path: string, mark: string): boolean {
  if (!lstatSync(path).isFile()) return false;
  const start = Buffer.alloc(Buffer.byteLength(mark));
  const file = openSync(path, "r");
  try {
    return readSync(file, start) === start.length && start.toString() === mark;
  } finally {
    closeSync(file);
  }
}
