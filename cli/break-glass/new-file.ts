import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";

/** @throws {BadInput} where something lies there: an earlier set goes once this one was verified, not before */
export function refuseExisting(flag: string, path: string): void {
  if (existsSync(path))
    throw new BadInput(
      `${flag}: "${path}" is there already, and stays as it is. Name another file, e.g. with the date in it.`,
    );
}

/** Writes a file that its owner alone reads, whole or not at all, and is done once the disk has it. @throws {BadInput} where it can't */
export function writeNew(flag: string, path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, bytes, { mode: 0o600, flag: "wx", flush: true });
    renameSync(part, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw new BadInput(`${flag}: "${path}" can't be written: ${errorText(error)}.`);
  } finally {
    rmSync(part, { force: true });
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
