import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../runtime/errors";
import { run } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { freshUser } from "../runtime/without-rights";
import { applyAndProve, type RawCopy } from "./sqlite-prove";
import { type CopyOptions, NotCopied } from "./sqlite-shell";
import type { Workshop } from "./workshop";

/** So many small databases are copied together: by programs of their own they take three times as long. */
export const mostTogether = 50;

const smallBytes = 1024 * 1024;

/** A database, and where its copy is to be. Both are whole paths. */
export interface Pair {
  readonly source: Buffer;
  readonly target: Buffer;
}

/** Whether a database is quickly copied. */
export function isSmall(source: Buffer): boolean {
  return statSync(source).size + logsOf(source).reduce((sum, { size }) => sum + size, 0) <= smallBytes;
}

/**
 * Copies databases, of a snapshot that nobody writes to: byte by byte, as root, which parses nothing of them. What SQLite
 * does, it does as a user who can open these copies alone: it applies a write-ahead log or rolls back a transaction that
 * was cut short, and looks at the structure. A copy without either it can't even change. Then the copies get the sources'
 * owners, modes, times, ACLs and attributes, and at last their names: either all of them, or none. Nothing is synced:
 * whoever makes the folder visible does that for all of them at once.
 * @returns bytes of the copies
 * @throws {NotCopied} with SQLite's words; of several, each is to be copied alone then
 */
export async function copyTogether(
  pairs: readonly Pair[],
  { folder, seenAt }: Workshop,
  options: CopyOptions,
): Promise<number> {
  const [sources, copies] = [join(folder, "sources"), join(folder, "copies")];
  const user = freshUser();
  try {
    mkdirSync(sources, { mode: 0o700 });
    mkdirSync(copies);
    allow(copies, user, 0o710);
    const read = pairs.map(({ source }, index) => linkSource(source, join(sources, String(index))));
    const names = read.map((_, index) => String(index));
    const all = names.flatMap((name, index) => [
      name,
      ...(read[index]?.suffixes ?? []).map(end => name + end),
    ]);
    await copyFiles(["--sparse=auto"], all, folder, options);
    const raw: RawCopy[] = names.map((name, index) => {
      const hasLog = (read[index]?.suffixes.length ?? 0) > 0;
      handOver(join(copies, name), hasLog, user);
      return { name, hasLog };
    });
    // A database is as long as its pages, of which some may never have been written.
    const fileBytes = 4 * Math.max(...read.map(({ bytes }) => bytes)) + 64 * smallBytes;
    const { isThorough } = options;
    await applyAndProve(
      raw,
      copies,
      { user, seenAt: join(seenAt, "copies"), fileBytes, isThorough },
      options,
    );
    // Two names of one file are two databases with a copy each.
    const attributes = ["--attributes-only", "--preserve=all", "--no-preserve=links"];
    await copyFiles(attributes, names, folder, options);
    let bytes = 0;
    for (const [index, name] of names.entries()) {
      const copy = join(copies, name);
      bytes += statSync(copy).size;
      renameSync(copy, pairs[index]?.target ?? "");
    }
    return bytes;
  } finally {
    for (const path of [sources, copies]) rmSync(path, { recursive: true, force: true });
  }
}

/** @param names in `sources`, and then in `copies` */
async function copyFiles(
  how: readonly string[],
  names: readonly string[],
  cwd: string,
  options: CopyOptions,
): Promise<void> {
  const paths = names.map(name => `sources/${name}`);
  const result = await run(["cp", ...how, "--", ...paths, "copies"], {
    ...{ cwd, ...options, env: { LC_ALL: "C" } },
  });
  options.stop.throwIfAborted();
  if (result.ended === "timed-out") throw new NotCopied("cp had no end within its time");
  if (result.exitCode !== 0) throw new NotCopied(`it can't be copied: ${firstLines(result.stderr)}`);
}

/**
 * Gives a database and its logs names that an argument can hold: their own may be any bytes.
 * @returns what lies beside it, and the bytes of all
 */
function linkSource(source: Buffer, link: string): { suffixes: readonly string[]; bytes: number } {
  refuseForeignTransaction(source);
  const logs = logsOf(source);
  symlinkSync(source, link);
  for (const { path, suffix } of logs) symlinkSync(path, link + suffix);
  return {
    suffixes: logs.map(({ suffix }) => suffix),
    bytes: logs.reduce((sum, { size }) => sum + size, statSync(source).size),
  };
}

const logSuffixes = ["-wal", "-journal"] as const;

interface LogFile {
  readonly suffix: string;
  readonly path: Buffer;
  readonly size: number;
}

/** @throws {NotCopied} for a link or a pipe in the place of a log: SQLite opens neither */
function logsOf(source: Buffer): LogFile[] {
  return logSuffixes.flatMap((suffix): LogFile[] => {
    const path = Buffer.concat([source, Buffer.from(suffix)]);
    const stat = statOf(path);
    if (!stat || (stat.isFile() && stat.size === 0)) return [];
    if (!stat.isFile()) throw new NotCopied(`its "${suffix}" is no file`);
    return [{ suffix, path, size: stat.size }];
  });
}

function statOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A name that is too long for a suffix has no log.
    if (errnoOf(error) === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

/** Lets the parser's user open a copy, and write to it only where there is something to apply. */
function handOver(copy: string, hasLog: boolean, user: number): void {
  allow(copy, user, hasLog ? 0o660 : 0o440);
  if (!hasLog) return;
  for (const suffix of logSuffixes) {
    // SQLite may want to make one, and can't: the folder is root's.
    closeSync(openSync(copy + suffix, "a"));
    allow(copy + suffix, user, 0o660);
  }
}

function allow(path: string, group: number, mode: number): void {
  chownSync(path, 0, group);
  chmodSync(path, mode);
}

/** @see https://sqlite.org/fileformat.html, "The Rollback Journal", and `readSuperJournal` in SQLite's pager.c */
const journalMagic = Buffer.from("d9d505f920a163d7", "hex");

/**
 * A journal of a transaction over several databases ends with the path of another file, by which SQLite decides whether
 * this one still counts, and which it may remove. That path is one of the workload's own world: here it is missing, so a half
 * transaction would pass as a whole one.
 */
function refuseForeignTransaction(source: Buffer): void {
  let fd: number;
  try {
    const name = Buffer.concat([source, Buffer.from("-journal")]);
    fd = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A name that is too long for a suffix has no journal.
    if (["ENOENT", "ENAMETOOLONG"].includes(errnoOf(error) ?? "")) return;
    throw new NotCopied(`its journal can't be read: ${errnoOf(error) ?? String(error)}`);
  }
  try {
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(16);
    if (size < end.length || readSync(fd, end, 0, end.length, size - end.length) < end.length) return;
    // 4 bytes of length, 4 of a checksum, then the magic number.
    if (end.subarray(8).equals(journalMagic) && end.readUInt32BE(0) > 0)
      throw new NotCopied(
        "its journal belongs to a transaction over several databases that was cut short: only the workload can decide it",
      );
  } finally {
    closeSync(fd);
  }
}
