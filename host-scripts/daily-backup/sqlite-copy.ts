import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../runtime/errors";
import { run } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { type LinkedAside, linkAside } from "./sqlite-long-path";
import { NotCopied, sqlite, uriOf, wordsOf } from "./sqlite-shell";
import { verifyCopy, verifyStructure } from "./sqlite-verify";

export interface CopyOptions {
  readonly stop: AbortSignal;
  /** For each command. */
  readonly timeoutMs: number;
}

/** From here on a database is read by two programs at once. */
const bigBytes = 8 * 1024 * 1024;

/** A folder on the disk of the copies: one is made there under a fixed name, and gets its own when it is proven. */
export interface Workshop {
  readonly folder: string;
  close(): void;
}

export function openWorkshop(into: string): Workshop {
  const folder = mkdtempSync(join(into, ".holdfast-work-"));
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Copies one database with SQLite's own backup: with its write-ahead log applied, and with a transaction that was cut
 * short rolled back, which happens in `source`'s file system. The copy gets its name at last: verified, with the source's
 * owner, mode, times, ACL and attributes. Nothing is synced: whoever makes the folder visible does that for all of them at once.
 * @param root mount point of a snapshot that may be written to
 * @returns bytes of the copy
 * @throws {NotCopied} with SQLite's words
 */
export async function copyDatabase(
  root: Buffer,
  source: Buffer,
  target: Buffer,
  { folder }: Workshop,
  options: CopyOptions,
): Promise<number> {
  const paths = { copy: join(folder, "copy.db"), link: join(folder, "source"), kept: join(folder, "kept") };
  let aside: LinkedAside | undefined;
  try {
    // A name as an argument has to be text, and this one may be any bytes.
    symlinkSync(source, paths.link);
    const hot = refuseForeignTransaction(source);
    // A rollback moves the file's time.
    if (hot) await copyAttributes(["source", "kept"], folder, options);
    aside = linkAside(root.toString(), source);
    const uri = uriOf(aside?.path ?? source, "mode=rw");
    // The proof takes about as long as the copy. A rollback or a small file would gain nothing by a second program.
    const isBig = !hot && statSync(source).size >= bigBytes;
    const commands = [".timeout 60000", ".backup --async copy.db", tables];
    const [made] = await together(
      sqlite([{ uri, commands }], { cwd: folder, ...options }, isBig ? "shared" : "alone"),
      isBig ? verifyStructure(uri, { cwd: folder, ...options }) : undefined,
    );
    if (made.ended !== "exited" || made.exitCode !== 0) throw failure(made, options);
    if (!existsSync(paths.copy)) throw new NotCopied("sqlite3 made no copy");
    const proof = { isWhole: isBig, ...options, cwd: folder };
    await together(
      verifyCopy(uri, tableNames(made.stdout), proof),
      copyAttributes([hot ? "kept" : "source", "copy.db"], folder, options),
    );
    const { size } = statSync(paths.copy);
    renameSync(paths.copy, target);
    return size;
  } finally {
    aside?.remove();
    for (const path of Object.values(paths)) rmSync(path, { force: true });
    for (const more of ["-journal", "-wal", "-shm"]) rmSync(`${paths.copy}${more}`, { force: true });
  }
}

/** Ordinary tables have a page of their own; virtual ones haven't. A line each, in hexadecimal. */
export const tables =
  "SELECT 'table', hex(CAST(name AS BLOB)) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0;";

export function tableNames(stdout: string): string[] {
  return [...stdout.matchAll(/^table\|([0-9A-F]*)$/gm)].map(([, name = ""]) =>
    Buffer.from(name, "hex").toString(),
  );
}

/** @throws when the run is told to stop, as that is no fault of the database */
export function failure(result: Parameters<typeof wordsOf>[0], { stop }: CopyOptions): Error {
  stop.throwIfAborted();
  return new NotCopied(wordsOf(result));
}

/**
 * Owner, mode, times, ACL and extended attributes, as far as the backup disk can hold them.
 * @param paths as cp takes them: a file and its copy, or files and the folder of their copies
 */
export async function copyAttributes(
  paths: readonly string[],
  cwd: string,
  options: CopyOptions,
): Promise<void> {
  // Two names of one file are two databases with a copy each.
  const what = ["--attributes-only", "--preserve=all", "--no-preserve=links"];
  const result = await run(["cp", ...what, "--", ...paths], { cwd, ...options, env: { LC_ALL: "C" } });
  if (result.exitCode === 0) return;
  options.stop.throwIfAborted();
  throw new NotCopied(`its attributes can't be copied: ${firstLines(result.stderr)}`);
}

/** Waits for both also when one fails: neither may be at work when its folder goes. */
export async function together<A, B>(
  one: Promise<A>,
  other: Promise<B> | undefined,
): Promise<[A, B | undefined]> {
  const [first, second] = await Promise.allSettled([one, other]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return [first.value, second.value];
}

/** @see https://sqlite.org/fileformat.html, "The Rollback Journal", and `readSuperJournal` in SQLite's pager.c */
const journalMagic = Buffer.from("d9d505f920a163d7", "hex");

/**
 * A journal of a transaction over several databases ends with the path of another file, by which SQLite decides whether
 * this one still counts, and which it may remove. That path is one of the workload's own world: here it is missing, so a half
 * transaction would pass as a whole one, or it names a file of this host.
 * @returns whether there is a journal at all
 */
function refuseForeignTransaction(source: Buffer): boolean {
  let fd: number;
  try {
    const name = Buffer.concat([source, Buffer.from("-journal")]);
    fd = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A name that is too long for a suffix has no journal.
    if (["ENOENT", "ENAMETOOLONG"].includes(errnoOf(error) ?? "")) return false;
    throw new NotCopied(`its journal can't be read: ${errnoOf(error) ?? String(error)}`);
  }
  try {
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(16);
    if (size < end.length || readSync(fd, end, 0, end.length, size - end.length) < end.length)
      return size > 0;
    // 4 bytes of length, 4 of a checksum, then the magic number.
    if (end.subarray(8).equals(journalMagic) && end.readUInt32BE(0) > 0)
      throw new NotCopied(
        "its journal belongs to a transaction over several databases that was cut short: only the workload can decide it",
      );
    return true;
  } finally {
    closeSync(fd);
  }
}
