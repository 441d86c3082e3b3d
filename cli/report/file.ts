import { closeSync, lstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { reportMark } from "./page";

/** Writes a report whole, or not at all, in the place of an earlier one or of nothing. @throws {BadInput} where something else lies there, or it can't */
export function writeReport(path: string, page: string): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) && !isReport(path))
      throw new BadInput(
        `--to: "${path}" was not written by "holdfast report", and stays as it is. Name another file, or move it away.`,
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
    throw new BadInput(`--to: "${path}" can't be written: ${errorText(error)}.`);
  }
}

function isReport(path: string): boolean {
  if (!lstatSync(path).isFile()) return false;
  const start = Buffer.alloc(Buffer.byteLength(reportMark));
  const file = openSync(path, "r");
  try {
    return readSync(file, start) === start.length && start.toString() === reportMark;
  } finally {
    closeSync(file);
  }
}
