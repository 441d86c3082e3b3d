import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file as a whole: a reader, and a host that lost power, has the old text or the new one.
 * Folders above it are made.
 */
export function writeDurably(path: string, text: string, mode = 0o644): void {
  replace(path, text, mode, true);
  syncFolder(dirname(path));
}

/** Replaces a file as a whole for readers on a host that stays up; a loss of power may bring the old text back. */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  replace(path, text, mode, false);
}

function replace(path: string, text: string, mode: number, durable: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  // node-exporter reads *.prom only, so a part of a textfile is never scraped.
  const part = `${path}.${process.pid}.part`;
  try {
    // Through no link: others may write in a folder of textfiles.
    rmSync(part, { force: true });
    const file = openSync(part, "wx", mode);
    try {
      // The umask of a service takes away what the reader of a textfile needs.
      fchmodSync(file, mode);
      writeAll(file, Buffer.from(text));
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/**
 * Writes all of some bytes where a file is open. write(2) may take a part of them and say so, as on a disk that gets full.
 * @throws {Error} of the system, which names the file, as one of open(2) does
 */
export function writeAll(fd: number, bytes: Buffer): void {
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } catch (error) {
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (typeof error === "object" && error !== null && "message" in error)
      Object.assign(error, { path, message: `${String(error.message)} '${path}'` });
    throw error;
  }
}

/** Makes renames and removals in a folder survive a loss of power. */
export function syncFolder(path: string | Buffer): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
