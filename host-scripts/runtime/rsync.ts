import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { CommandMissing, refuseMissing, type RunOptions, type RunResult, run } from "./run";
import { Refusal } from "./errors";
import { quoted } from "./quoted";
import { type Lacked, type LackedEntry, rsyncErrors } from "./rsync-errors";
import { type RsyncFigures, type RsyncItem, itemFormat, rsyncReport } from "./rsync-items";
import { shell } from "./shell";

/** What a pass of rsync did, or in a dry run would do. */
export interface RsyncPass extends RsyncFigures {
  readonly outcome: RsyncOutcome;
  readonly result: RunResult;
  /** What a `partial` pass could not copy. */
  readonly lacked: Lacked;
}

/**
 * What rsync's exit codes mean to a mirror; rsync(1), "EXIT VALUES".
 * - `complete`: all was copied (0), or all but files that vanished meanwhile (24)
 * - `partial`: it went through to its end, but some entries could not be read or written (23)
 * - `ceiling`: it went through to its end, but stopped deleting (25)
 * - `broken`: it ended early, so nothing is known of what it had not reported yet
 */
export type RsyncOutcome = "complete" | "vanished" | "partial" | "ceiling" | "broken";

export function rsyncOutcome(result: Pick<RunResult, "ended" | "exitCode">): RsyncOutcome {
  if (result.ended !== "exited") return "broken";
  switch (result.exitCode) {
    case 0:
      return "complete";
    case 24:
      return "vanished";
    case 23:
      return "partial";
    case 25:
      return "ceiling";
    default:
      return "broken";
  }
}

/**
 * Arguments that keep all of an entry: owner, mode, times to the nanosecond, ACLs, extended attributes, hard links,
 * holes, devices and FIFOs. With one X rsync keeps names that begin with "user.rsync." for itself. Times are compared to the nanosecond too: a file that changed twice within a second, at the
 * same size, would otherwise keep its first content.
 */
export const wholeMetadata = ["-aHAXXS", "--numeric-ids", "--modify-window=-1"] as const;

/**
 * The whole list before anything is written, which takes memory, not time on one disk. Without it rsync (3.2 to 3.5) waits for ever
 * once one of a file's several names can't be put in its place, as one that may not be changed, or can't be opened.
 */
export const listedBefore = "--no-inc-recursive";

export interface RsyncOptions extends Omit<RunOptions, "onStdout" | "onStderr" | "stdin" | "input"> {
  /** Names below the root, byte by byte as latin1, that are left alone on both sides: not copied, and not deleted at the target. */
  readonly leaveAlone?: readonly string[];
  /** What somebody accepts as a whole, and an entry that rsync names is or lies in. */
  readonly acceptedOf?: (path: Buffer) => Buffer | undefined;
  /** Gets each line that is no entry's. */
  readonly onText?: (line: string) => void;
  /** It is killed with this process, whatever ends that: it writes to what somebody is about to use. */
  readonly diesWithRunner?: boolean | undefined;
}

/**
 * Runs rsync, giving each entry of its report to `onItem` as it comes.
 * @throws {Refusal} when there is no rsync
 */
export async function rsync(
  args: readonly string[],
  options: RsyncOptions,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const pass = await withoutUnopened(args, options, onItem);
  if (!askedNoFolder(pass) || options.stop?.aborted === true) return pass;
  const again = await withoutUnopened(args, options, onItem);
  return {
    ...again,
    created: pass.created + again.created,
    createdFiles: pass.createdFiles + again.createdFiles,
    bytes: pass.bytes + again.bytes,
    wireBytes: pass.wireBytes + again.wireBytes,
  };
}

/**
 * Where a further name of a file takes a folder's place, rsync (3.2 to 3.5) asks the file for what only a folder has, a default ACL,
 * says that it can't, and ends with 23, though all is done. Run again, it finds the name as it is to be; of a folder whose ACL indeed
 * can't be read it says the same again.
 */
function askedNoFolder({ outcome, lacked }: RsyncPass): boolean {
  return outcome === "partial" && lacked.entries.some(({ reason }) => noDefaultAcl.test(reason));
}

const noDefaultAcl =
  /\[generator\] get_acl: sys_acl_get_file\(…, (?:SMB_)?ACL_TYPE_DEFAULT\): Permission denied/;

/**
 * Of a file with three names or more that can't be opened, rsync names two and ends early (2, "Invalid packet at end of run"), whatever
 * else it had to do: so it is run once more without those.
 */
async function withoutUnopened(
  args: readonly string[],
  options: RsyncOptions,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const unopened: LackedEntry[] = [];
  let pass = await once(args, options, onItem);
  for (let tries = 0; tries < mostTries && endedByLinks(pass) && options.stop?.aborted !== true; tries += 1) {
    unopened.push(...pass.lacked.entries);
    const without = unopened.map(({ path }) => path.toString("latin1"));
    pass = await once(args, { ...options, leaveAlone: [...(options.leaveAlone ?? []), ...without] }, onItem);
  }
  if (unopened.length === 0) return pass;
  const { outcome, lacked } = pass;
  const isMissing = unopened.some(({ hasVanished }) => hasVanished !== true);
  return {
    ...pass,
    outcome:
      outcome === "complete" || outcome === "vanished" ? (isMissing ? "partial" : "vanished") : outcome,
    lacked: { ...lacked, entries: [...unopened, ...lacked.entries] },
  };
}

/** Each names two more. */
const mostTries = 20;

function endedByLinks({ result, lacked }: RsyncPass): boolean {
  return (
    result.exitCode === 2 &&
    result.stderr.includes("Invalid packet at end of run") &&
    lacked.entries.length > 0
  );
}

async function once(
  args: readonly string[],
  { acceptedOf, leaveAlone = [], diesWithRunner = false, onText, ...options }: RsyncOptions,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const report = rsyncReport(onItem, onText);
  const program: readonly [string, ...string[]] = diesWithRunner
    ? ["setpriv", "--pdeathsig", "KILL", "--", "rsync"]
    : ["rsync"];
  const argv = [
    ...program,
    ...["--stats", "--no-human-readable", "--outbuf=L", `--out-format=${itemFormat}`],
    ...["--from0", "--exclude-from=-"],
    ...args,
  ] as const;
  const errors = rsyncErrors(options.cwd ?? "", acceptedOf);
  const result = await start([...argv], {
    ...{ ...options, onStdout: report.add, onStderr: errors.add },
    // A name that is no text can't be an argument.
    input: Buffer.from(leaveAlone.map(name => `${patternOf(name)}\0`).join(""), "latin1"),
  });
  return { outcome: rsyncOutcome(result), result, lacked: errors.lacked(), ...report.stats() };
}

async function start(argv: [string, ...string[]], options: RunOptions): Promise<RunResult> {
  try {
    // The C locale: each byte that isn't ASCII is escaped, so names arrive exactly as they are on disk.
    const result = await run(argv, {
      ...options,
      env: { ...options.env, LC_ALL: "C", RSYNC_RSH: "", RSYNC_PARTIAL_DIR: "" },
    });
    refuseMissing(result);
    return result;
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    const { program, errno } = error;
    // A folder to start it in that isn't there is told in the same way.
    if (errno === "ENOENT" && options.cwd !== undefined && !existsSync(options.cwd))
      throw new Refusal(`${quoted(options.cwd)} isn't there`, shell`ls -ld ${options.cwd}`);
    throw new Refusal(
      errno === "ENOENT"
        ? `${program} isn't installed on ${hostname()}`
        : `${program} can't be started: ${errno}`,
      shell`apt-get install ${program === "setpriv" ? "util-linux" : program}`,
    );
  }
}

/** Filter that means one entry, by its path from the root of a transfer, and no other. */
export function patternOf(name: string): string {
  return `/${literalOf(name)}`;
}

/**
 * A name that means itself where rsync reads a pattern. A backslash escapes only in patterns that hold a wildcard; rsync(1), "PATTERN
 * MATCHING RULES".
 */
export function literalOf(name: string): string {
  return /[*?[]/.test(name) ? escaped(name) : name;
}

/** The same of a name that is part of a pattern with a wildcard. */
export function escaped(name: string): string {
  return name.replace(/[*?[\\]/g, "\\$&");
}
