import type { RunOptions } from "../runtime/run";
import { NotCopied, quotedName, sqlite, wordsOf } from "./sqlite-shell";

type Options = Omit<RunOptions, "onStdout"> & { readonly stop: AbortSignal };

/** One argument of a command may have 128 KiB, and all of them a quarter of the stack's limit. */
const argumentBytes = 100_000;
const argumentsBytes = 1_000_000;

/**
 * Proves a copy by its content: its structure is whole, and each ordinary table has as many rows as the source's. What a
 * schema can't be asked without the workload's own code, such as an index by a collation of its own, is passed over.
 * @param source URI of the database, as it was copied
 * @param options its working directory holds `copy.db`; `isWhole` says that the source's structure was verified
 * @throws {NotCopied} with what differs
 */
export async function verifyCopy(
  source: string,
  names: readonly string[],
  { isWhole, ...options }: Options & { readonly isWhole: boolean },
): Promise<void> {
  const tables = ["sqlite_schema", ...names];
  const first = await ask(source, [...(isWhole ? [] : [structureOf("copy")]), ...count(tables, "")], options);
  if (first.kind === "answers") return judge(first.answers, tables);
  if (!needsTheWorkload.test(first.words)) throw new NotCopied(first.words);
  // Rows are counted in the tables themselves: an index of an unknown collation can't even be opened.
  const second = await ask(source, count(tables, " NOT INDEXED"), options);
  if (second.kind === "words") throw new NotCopied(second.words);
  judge(["ok", ...second.answers], tables);
}

/**
 * Proves that a database's structure is whole, while it is copied.
 * @throws {NotCopied} with what is damaged
 */
export async function verifyStructure(source: string, options: Options): Promise<void> {
  const commands = [".timeout 60000", asFarAsKnown, structureOf("main")];
  const result = await sqlite([{ uri: source, commands }], options, "shared");
  options.stop.throwIfAborted();
  if (result.ended === "exited" && result.exitCode === 0) return judge(answersOf(result.stdout), []);
  const words = wordsOf(result);
  if (!needsTheWorkload.test(words)) throw new NotCopied(words);
}

export interface SmallCopy {
  /** URI of the database, as it was copied. */
  readonly source: string;
  /** Below the working directory. */
  readonly copy: string;
  /** Of its tables. */
  readonly names: readonly string[];
}

/**
 * Proves copies as `verifyCopy` does, by one program for all of them.
 * @throws {NotCopied} when one of them differs, or has to be asked otherwise: each is to be copied and proven alone then
 */
export async function verifyTogether(copies: readonly SmallCopy[], options: Options): Promise<void> {
  const sessions = copies.map(({ source, copy, names }) => ({
    uri: source,
    commands: [attach(copy), nextDatabase, structureOf("copy"), ...count(["sqlite_schema", ...names], "")],
  }));
  const lengths = sessions.flatMap(({ commands }) => commands.map(text => Buffer.byteLength(text) + 8));
  if (Math.max(...lengths) > argumentBytes || lengths.reduce((a, b) => a + b) > argumentsBytes)
    throw new NotCopied("their tables are too many to be counted by one program");
  const result = await sqlite(sessions, options);
  options.stop.throwIfAborted();
  if (result.ended !== "exited" || result.exitCode !== 0) throw new NotCopied(wordsOf(result));
  const answers = byDatabase(result.stdout);
  if (answers.length !== copies.length) throw new NotCopied("their answers can't be told apart");
  for (const [index, { names }] of copies.entries())
    judge(answersOf(answers[index] ?? ""), ["sqlite_schema", ...names]);
}

/** Parts the lines of one database from those of the one before; see `byDatabase`. */
export const nextDatabase = "SELECT 'next', '';";

/** What a program said of each database, in their order. */
export function byDatabase(stdout: string): string[] {
  return stdout.split(/^next\|$/m).slice(1);
}

/** Rules of the schema may call the workload's own functions. */
const asFarAsKnown = "PRAGMA ignore_check_constraints=ON;";
const attach = (copy: string): string => `ATTACH 'file:${copy}?immutable=1' AS copy; ${asFarAsKnown}`;
const needsTheWorkload = /no such (collation sequence|function|module)|unknown tokenizer/;

function structureOf(schema: "main" | "copy"): string {
  return `SELECT 'answer', quick_check FROM pragma_quick_check(8, '${schema}');`;
}

function count(tables: readonly string[], how: string): string[] {
  return tables.map(table => {
    const name = quotedName(table);
    return `SELECT 'answer', (SELECT count(*) FROM main.${name}${how}), (SELECT count(*) FROM copy.${name}${how});`;
  });
}

type Asked =
  | { readonly kind: "answers"; readonly answers: readonly string[] }
  | { readonly kind: "words"; readonly words: string };

/** Answers of all questions, in their order. */
async function ask(source: string, questions: readonly string[], options: Options): Promise<Asked> {
  const answers: string[] = [];
  for (const batch of inParts(questions, argumentsBytes)) {
    const commands = inParts(batch, argumentBytes).map(part => part.join(" "));
    const session = { uri: source, commands: [attach("copy.db"), ...commands] };
    const result = await sqlite([session], options);
    options.stop.throwIfAborted();
    if (result.ended !== "exited" || result.exitCode !== 0) return { kind: "words", words: wordsOf(result) };
    answers.push(...answersOf(result.stdout));
  }
  return { kind: "answers", answers };
}

function answersOf(stdout: string): string[] {
  return [...stdout.matchAll(/^answer\|(.*)$/gm)].map(([, answer = ""]) => answer);
}

/** Rules of the schema that a row breaks, such as a NULL in a column that was declared otherwise later, are no damage. */
const brokenRule = /^(NULL|NUMERIC|TEXT|non-[A-Z]+) value in /;

function judge(answers: readonly string[], tables: readonly string[]): void {
  const found = answers.filter(answer => !brokenRule.test(answer));
  const counts = found.slice(found.length - tables.length);
  const damage = found.slice(0, found.length - tables.length).filter(line => line !== "ok");
  if (damage.length > 0) throw new NotCopied(`the database is damaged: ${damage.slice(0, 3).join("; ")}`);
  for (const [index, table] of tables.entries()) {
    const [source, copy] = (counts[index] ?? "").split("|");
    if (source === undefined || source === "" || source !== copy)
      throw new NotCopied(
        `the copy's table ${quotedName(table)} has ${copy ?? "no"} rows, the source's ${source ?? "none"}`,
      );
  }
}

function inParts(texts: readonly string[], mostBytes: number): string[][] {
  const parts: string[][] = [];
  let bytes = Infinity;
  for (const text of texts) {
    const length = Buffer.byteLength(text) + 8;
    if (bytes + length > mostBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(text);
    bytes += length;
  }
  return parts;
}
