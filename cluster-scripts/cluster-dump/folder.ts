import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";

/** More than that is shortened: a name in a folder has up to 255 bytes (NAME_MAX). */
const longest = 200;

/**
 * Folder with the dumps of a database: below the target, or the target itself for what the whole server has.
 * @param name its bytes, in latin1
 */
export function folderOf({ target }: ClusterDumpConfig, name: string): string {
  return name === "" ? target : join(target, folderName(name));
}

/**
 * A name that any file system takes and no other database has: what isn't a letter, a digit or one of "._-" is "%" and its
 * byte, as is the beginning of what looks like a hidden file, an option, a dump, or the file by which one is accepted.
 */
export function folderName(name: string): string {
  const text = name.replace(/[^A-Za-z0-9._-]/g, percent).replace(/^(?:[.-]|d(?=ump_)|a(?=ccept$))/, percent);
  if (text.length <= longest) return text;
  const sum = createHash("sha256").update(name, "latin1").digest("hex").slice(0, 16);
  return `${text.slice(0, longest - 17)}%${sum}`;
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Every folder that may have dumps: the target and those below it. */
export function allFolders({ target }: Pick<ClusterDumpConfig, "target">): string[] {
  const below = readdirSync(target, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => join(target, name));
  return [target, ...below];
}
