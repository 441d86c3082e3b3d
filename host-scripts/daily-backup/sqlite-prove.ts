import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { NotCopied, type CopyOptions, type Session, sqlite, wordsOf } from "./sqlite-shell";

/** A copy, byte by byte, of a database. */
export interface RawCopy {
  /** Below the folder of the copies. */
  readonly name: string;
  /** Its write-ahead log or journal lies beside it, and is to be applied. */
  readonly hasLog: boolean;
}

export interface Prover {
  /** The only one, beside root, who can open the copies. */
  readonly user: number;
  /** Folder of the copies, as that user sees it. */
  readonly seenAt: string;
  readonly fileBytes: number;
  /** Indexes are compared with their tables too, which takes as long as reading all of it in no order. */
  readonly isThorough?: boolean | undefined;
}

/**
 * Has SQLite apply the logs of copies, roll back what was cut short in them, and say whether their structure is whole.
 * What a schema can't be asked without the workload's own code, such as an index by a collation of its own, is passed over.
 * @param folder of the copies
 * @throws {NotCopied} when one of them is no good; of several, each is to be proven alone then
 */
export async function applyAndProve(
  copies: readonly RawCopy[],
  folder: string,
  { user, seenAt, fileBytes, isThorough = false }: Prover,
  options: CopyOptions,
): Promise<void> {
  const sessions = copies.flatMap(copy => sessionsOf(copy, isThorough));
  const result = await sqlite(sessions, { user, cwd: seenAt, fileBytes }, options);
  options.stop.throwIfAborted();
  const isWhole = result.ended === "exited" && result.exitCode === 0;
  const needsTheWorkload = copies.length === 1 && ofTheWorkload.test(result.stderr);
  if (!isWhole && !needsTheWorkload) throw new NotCopied(wordsOf(result));
  for (const { name, hasLog } of copies) if (hasLog) mustBeApplied(join(folder, name));
  if (needsTheWorkload) return;
  const answers = byDatabase(result.stdout);
  if (answers.length !== copies.length) throw new NotCopied("their answers can't be told apart");
  for (const answer of answers) judge(answersOf(answer));
}

function sessionsOf({ name, hasLog }: RawCopy, isThorough: boolean): Session[] {
  const apply = { uri: `file:${name}?mode=rw`, commands: ["PRAGMA synchronous=OFF;", checkpoint] };
  const prove = {
    uri: `file:${name}?immutable=1`,
    commands: [asFarAsKnown, nextDatabase, structureBy(isThorough ? "integrity_check" : "quick_check")],
  };
  return hasLog ? [apply, prove] : [prove];
}

/** The first statement that reads a database rolls back by its journal. */
const checkpoint = "PRAGMA wal_checkpoint(TRUNCATE);";

/** Parts the lines of one database from those of the one before; see `byDatabase`. */
const nextDatabase = "SELECT 'next', '';";

/** What a program said of each database, in their order. */
function byDatabase(stdout: string): string[] {
  return stdout.split(/^next\|$/m).slice(1);
}

/** Rules of the schema may call the workload's own functions. */
const asFarAsKnown = "PRAGMA ignore_check_constraints=ON;";
const ofTheWorkload = /no such (collation sequence|function|module)|unknown tokenizer/;

function structureBy(check: "quick_check" | "integrity_check"): string {
  return `SELECT 'answer', ${check} FROM pragma_${check}(8, 'main');`;
}

function answersOf(stdout: string): string[] {
  return [...stdout.matchAll(/^answer\|(.*)$/gm)].map(([, answer = ""]) => answer);
}

/** Rules of the schema that a row breaks, such as a NULL in a column that was declared otherwise later, are no damage. */
const brokenRule = /^(NULL|NUMERIC|TEXT|non-[A-Z]+) value in /;

function judge(answers: readonly string[]): void {
  if (answers.length === 0) throw new NotCopied("sqlite3 said nothing of its structure");
  const damage = answers.filter(line => line !== "ok" && !brokenRule.test(line));
  if (damage.length > 0) throw new NotCopied(`the database is damaged: ${damage.slice(0, 3).join("; ")}`);
}

/** The evidence that a log was applied isn't the program's word: SQLite empties it then, and strikes a journal's first bytes out. */
function mustBeApplied(copy: string): void {
  if (lstatSync(`${copy}-wal`).size > 0) throw new NotCopied("its write-ahead log was not applied");
  if (firstByte(`${copy}-journal`) !== 0) throw new NotCopied("its journal was not applied");
}

/** 0 for an empty file. */
function firstByte(path: string): number | undefined {
  const first = Buffer.alloc(1);
  const fd = openSync(path, "r");
  try {
    readSync(fd, first, 0, 1, 0);
  } finally {
    closeSync(fd);
  }
  return first[0];
}
