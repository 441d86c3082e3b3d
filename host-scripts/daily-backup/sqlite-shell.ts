import { Refusal } from "../runtime/errors";
import { CommandMissing, type RunResult } from "../runtime/run";
import { runWithoutRights } from "../runtime/without-rights";

/** Why one database has no copy; the others may have one. */
export class NotCopied extends Error {}

export interface CopyOptions {
  readonly stop: AbortSignal;
  /** For each command. */
  readonly timeoutMs: number;
  /** Indexes are compared with their tables too. */
  readonly isThorough?: boolean;
}

/** What one program is told to do with one database, before it goes on to the next. */
export interface Session {
  /** @see https://sqlite.org/uri.html */
  readonly uri: string;
  readonly commands: readonly string[];
}

/**
 * Runs Debian's `sqlite3` on databases that are not to be trusted, as a user that can open these alone. Each command is
 * an argument of its own: no line of a file or of stdin is ever read as a command. Its settings are those that SQLite
 * advises for such files, and what a schema holds (views, triggers, functions) isn't run.
 * @see https://sqlite.org/security.html, "1.2. Untrusted SQLite Database Files"
 * @param fileBytes what the longest of the databases may grow to
 * @throws {Refusal} when there is no sqlite3, or nothing that takes its rights from it
 */
export async function sqlite(
  sessions: readonly Session[],
  { user, cwd, fileBytes }: { readonly user: number; readonly cwd: string; readonly fileBytes: number },
  options: CopyOptions,
): Promise<RunResult> {
  try {
    return await runWithoutRights(
      [
        ...(["sqlite3", "-init", "/dev/null", "-batch", "-bail", "-list", ":memory:"] as const),
        ...sessions.flatMap(({ uri, commands }) => [`.open ${uri}`, ...distrust, ...commands]),
      ],
      { user, processes: 1, fileBytes, network: "none" },
      { cwd, ...options, env: { LC_ALL: "C" } },
    );
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(
      `${error.program} can't be started: ${error.errno}`,
      "apt-get install sqlite3 util-linux",
    );
  }
}

/** Settings of a connection: each database has its own. */
const distrust = [
  ".dbconfig load_extension off",
  ".dbconfig enable_trigger off",
  ".dbconfig enable_view off",
  ".dbconfig defensive on",
  // A log is applied when it is asked for, and its file stays: the folder is root's.
  ".dbconfig no_ckpt_on_close on",
  "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;",
  // A log's index is kept in memory, and no -shm is made.
  "PRAGMA locking_mode=EXCLUSIVE;",
];

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
