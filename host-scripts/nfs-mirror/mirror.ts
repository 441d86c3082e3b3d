import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import type { Lock } from "../runtime/lock";
import type { Log } from "../runtime/log";
import { leaveAlone, wholeMetadata } from "../runtime/rsync";
import type { Stop } from "../runtime/stop";

/** One run, filled by its phases. */
export interface Mirror {
  readonly config: NfsMirrorConfig;
  readonly dryRun: boolean;
  readonly log: Log;
  readonly stop: Stop;
  lock?: Lock;
  scan?: Scan;
  copied?: Copied;
  /** What an operator should know of a run that succeeded. */
  readonly notes: string[];
}

/** What a run would change, from rsync's dry run. */
export interface Scan {
  /** Entries of the source. */
  readonly entries: number;
  /** Entries of the target, before the run. */
  readonly targetEntries: number;
  readonly changes: number;
  readonly deletions: number;
  readonly bytes: number;
  /** The first few of them, for a message. */
  readonly doomed: readonly Buffer[];
  /** False when some of the source couldn't be read: then nothing may be deleted. */
  readonly whole: boolean;
}

export interface Copied {
  readonly changed: number;
  readonly deleted: number;
  readonly bytes: number;
  /** Segment of the journal that names them; undefined when there were none. */
  readonly segment: string | undefined;
}

/** ext4's own folder for recovered files belongs to each file system, not to its data. */
const ownEntries = ["lost+found"];

export function lockFile(config: NfsMirrorConfig): string {
  return join(config.stateDir, "run.lock");
}

export function journalFolder(config: NfsMirrorConfig): string {
  return join(config.stateDir, "journal");
}

/** Entries at the source's root that aren't mirrored. */
export function leftOut(config: NfsMirrorConfig): readonly string[] {
  return [...new Set([...ownEntries, ...config.excludes, ...config.keep])];
}

/**
 * rsync's arguments for a mirror of one verified mount to another; the working directory is the source. The target's
 * root gets the source root's owner, mode and times: a restore of the whole tree needs them.
 */
export function mirrorArgs(config: NfsMirrorConfig, more: readonly string[]): string[] {
  return [
    ...wholeMetadata,
    ...leftOut(config).map(leaveAlone),
    ...more,
    "--",
    "./",
    `${config.target.path}/`,
  ];
}

/** The first lines of rsync's messages. */
export function firstLines(stderr: string): string {
  return stderr.trim().split("\n").slice(0, 6).join("; ");
}

/** A phase before this one has to have set it. @throws {Error} a fault of the program, not of an operator */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`phase order: no ${what} yet`);
  return value;
}
