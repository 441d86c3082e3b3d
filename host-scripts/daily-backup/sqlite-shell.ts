import { Refusal } from "../runtime/errors";
import { CommandMissing, run, type RunOptions, type RunResult } from "../runtime/run";

/** Why one database has no copy; the others may have one. */
export class NotCopied extends Error {}

/**
 * A database file as an URI in which any byte of its path is plain text to SQLite.
 * @param query e.g. "mode=rw"
 * @see https://sqlite.org/uri.html
 */
export function uriOf(path: Buffer, query: string): string {
  let text = "";
  for (const byte of path)
    text += /[A-Za-z0-9/._-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, "0")}`;
  return `file:${text}?${query}`;
}

/** A name out of a schema, as SQL may hold it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What one program is told to do with one database, before it goes on to the next. */
export interface Session {
  readonly uri: string;
  readonly commands: readonly string[];
}

/**
 * Runs Debian's `sqlite3` on databases that are not to be trusted. Each command is an argument of its own: no line of
 * a file or of stdin is ever read as a command. Its settings are those that SQLite advises for such files, and what a
 * schema holds (views, triggers, functions) isn't run.
 * @see https://sqlite.org/security.html, "1.2. Untrusted SQLite Database Files"
 * @param access whether another program reads the database at the same time
 * @throws {Refusal} when there is no sqlite3
 */
export async function sqlite(
  sessions: readonly Session[],
  options: Omit<RunOptions, "onStdout">,
  access: "alone" | "shared" = "alone",
): Promise<RunResult> {
  try {
    return await run(
      [
        "sqlite3",
        "-init",
        "/dev/null",
        "-batch",
        "-bail",
        "-list",
        ":memory:",
        ...sessions.flatMap(({ uri, commands }) => [
          `.open ${uri}`,
          ...distrust,
          ...locking[access],
          ...commands,
        ]),
      ],
      {
        ...options,
        env: { LC_ALL: "C", ...options.env },
      },
    );
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(`sqlite3 can't be started: ${error.errno}`, "apt-get install sqlite3");
  }
}

/** Settings of a connection: each database has its own. */
const distrust = [
  ".dbconfig load_extension off",
  ".dbconfig enable_trigger off",
  ".dbconfig enable_view off",
  ".dbconfig defensive on",
  // A checkpoint would write the whole log into the snapshot, which the copy doesn't need.
  ".dbconfig no_ckpt_on_close on",
  "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;",
];

/** Alone, a WAL's index is kept in memory, and no -shm is made. */
const locking = { alone: ["PRAGMA locking_mode=EXCLUSIVE;"], shared: [] } as const;

/** What sqlite3 said of its failure, on one line. */
export function wordsOf(result: RunResult): string {
  const said = result.stderr
    .trim()
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "")
    .slice(0, 3)
    .join("; ");
  if (result.ended === "timed-out") return `sqlite3 had no end within its time${said && `: ${said}`}`;
  return said || `sqlite3 ended with ${result.exitCode ?? result.signal}`;
}
