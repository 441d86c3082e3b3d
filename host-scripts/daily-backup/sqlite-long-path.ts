import { linkSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../runtime/errors";

/** SQLite's unix VFS opens no path of more than 512 bytes and no name of more than 255, and it puts "-journal" behind both. */
const longestPath = 480;
const longestName = 240;

/** A database under a second, short name in its own file system. */
export interface LinkedAside {
  readonly path: Buffer;
  remove(): void;
}

/**
 * Gives a database whose path is too long for SQLite a short one, with its log and journal.
 * @param root mount point of a snapshot that may be written to
 * @returns undefined for a path that is short enough
 */
export function linkAside(root: string, source: Buffer): LinkedAside | undefined {
  if (!isTooLong(source)) return undefined;
  const folder = mkdtempSync(join(root, ".holdfast-"));
  const at = (suffix: string): string => join(folder, `db${suffix}`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    linkSync(source, at(""));
    for (const suffix of ["-wal", "-journal"]) {
      try {
        linkSync(Buffer.concat([source, Buffer.from(suffix)]), at(suffix));
      } catch (error) {
        if (!["ENOENT", "ENAMETOOLONG"].includes(errnoOf(error) ?? "")) throw error;
      }
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { path: Buffer.from(at("")), remove };
}

/** Whether SQLite can't open a database under this path. */
export function isTooLong(path: Buffer): boolean {
  const name = path.length - path.lastIndexOf("/") - 1;
  return path.length > longestPath || name > longestName;
}
