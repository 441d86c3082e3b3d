import { lstatSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type CopyOptions, copyAttributes, failure, tableNames, tables, together } from "./sqlite-copy";
import { isTooLong } from "./sqlite-long-path";
import { sqlite, uriOf } from "./sqlite-shell";
import { byDatabase, nextDatabase, verifyTogether } from "./sqlite-verify";

/** So many small databases are copied by one program: by programs of their own they take three times as long. */
export const mostTogether = 50;

const smallBytes = 1024 * 1024;

/** A database, and where its copy is to be. Both are whole paths. */
export interface Pair {
  readonly source: Buffer;
  readonly target: Buffer;
}

/** Whether a database is quickly copied, without anything that has to be looked at before. */
export function isSmall(source: Buffer): boolean {
  if (isTooLong(source) || statSync(source).size > smallBytes) return false;
  const journal = Buffer.concat([source, Buffer.from("-journal")]);
  return lstatSync(journal, { throwIfNoEntry: false }) === undefined;
}

/**
 * Copies small databases as `copyDatabase` does each of them. Either all get their names, or none does.
 * @param folder on the disk of the copies
 * @returns bytes of the copies
 * @throws {NotCopied} when it can't be done for all of them together; one alone may be at fault
 */
export async function copyTogether(
  pairs: readonly Pair[],
  folder: string,
  options: CopyOptions,
): Promise<number> {
  const made = ["sources", "copies"].map(name => join(folder, name));
  const sources = pairs.map((_pair, index) => `sources/${index}`);
  const copies = pairs.map((_pair, index) => `copies/${index}`);
  const uris = pairs.map(({ source }) => uriOf(source, "mode=rw"));
  try {
    for (const path of made) mkdirSync(path);
    for (const [index, path] of sources.entries())
      symlinkSync(pairs[index]?.source ?? "", join(folder, path));
    const sessions = uris.map((uri, index) => ({
      uri,
      commands: [".timeout 60000", `.backup --async ${copies[index] ?? ""}`, nextDatabase, tables],
    }));
    const result = await sqlite(sessions, { cwd: folder, ...options });
    if (result.ended !== "exited" || result.exitCode !== 0) throw failure(result, options);
    const lines = byDatabase(result.stdout);
    const proven = copies.map((copy, index) => ({
      source: uris[index] ?? "",
      copy,
      names: tableNames(lines[index] ?? ""),
    }));
    await together(
      verifyTogether(proven, { ...options, cwd: folder }),
      copyAttributes([...sources, "copies"], folder, options),
    );
    let bytes = 0;
    for (const [index, copy] of copies.entries()) {
      bytes += statSync(join(folder, copy)).size;
      renameSync(join(folder, copy), pairs[index]?.target ?? "");
    }
    return bytes;
  } finally {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  }
}
