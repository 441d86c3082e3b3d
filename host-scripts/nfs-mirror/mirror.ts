import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { ownPrefix } from "../runtime/closed-folder";
import type { JobRun } from "../runtime/job-run";
import type { WatchedDebt } from "../runtime/journal-watched";
import type { Mounts } from "../runtime/mounts";
import { notedName } from "../runtime/quoted";
import type { Known, Suspects } from "./memory";

/** One run, filled by its phases. */
export interface Mirror extends JobRun<NfsMirrorConfig> {
  readonly startedAt: Date;
  /** What an operator said is meant to be gone: services, or paths of file systems below the source, as messages show them. */
  readonly accepted: ReadonlySet<string>;
  /** Where nothing is deleted in this run, and why: it ends as a failure that says so. */
  readonly held: Held[];
  /** What the source has no more and would be deleted, and stays for what is held: names below the root, byte by byte as latin1. */
  readonly keptBack: Set<string>;
  /** What went or changed at the source and stays for now, as nobody knows what it was renamed to: names as above, the next run's. */
  readonly putOff: Set<string>;
  /** What that comes to. */
  kept?: KeptBack;
  mounts?: Mounts;
  /** File systems below the source, by their path there, that lay there in no earlier run: what they lack, they may have hidden. */
  fresh?: readonly string[];
  /** What was noted of the source since the last run; undefined where nobody notes it. */
  changes?: Changes;
  scan?: Scan;
  /** What got another name; undefined when nothing did, or that couldn't be told. */
  moves?: readonly Move[];
  /** How much of what goes leaves nothing under another name; undefined means all of it. */
  lost?: number;
  copied?: Copied;
  suspects?: Suspects;
}

/** What is known of the changes since the last run. */
export interface Changes {
  /** Undefined where no run has left anything. */
  readonly known: Known | undefined;
  readonly debt: WatchedDebt;
  /** Why all is compared; undefined where what is named is all. */
  readonly whole: string | undefined;
}

/** A file of the target that would go, and the new name for which it would be copied again. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

export interface Held {
  /** Below the root, byte by byte as latin1; it stands for all below it. */
  readonly path: string;
  readonly reason: string;
  readonly next: string;
  /** Nothing at it or below is changed either: its file system is away, or what the source has there can't be trusted. */
  readonly isFrozen?: boolean;
  /** Its file system is away: what the source shows there is not what lies there. */
  readonly isAway?: boolean;
  /** Somebody answers for it in the estate: it is no failure. */
  readonly isAnswered?: boolean;
}

/** Of the target, though the source has it no more. */
export interface KeptBack {
  readonly entries: number;
  readonly bytes: number;
  /** When the run began since which there has been something of that kind each night, ISO 8601; absent while there is nothing. */
  readonly since?: string | undefined;
}

/** Files of a service that the target has, and that would get the source's content. */
export interface Rewritten {
  readonly files: number;
  /** Of them, those whose copy is newer than what would take its place. */
  readonly older: number;
  /** By how much those become smaller that do. */
  readonly lostBytes: number;
  /** One of those, for a message. */
  readonly shrunk: string | undefined;
}

/** What a run would change, from rsync's dry run. */
export interface Scan {
  /** When it began to look at all of the source, epoch ms; absent where it looked only at what was noted. */
  readonly begunMs?: number;
  /** Entries of the source, as far as they are known where only a part of it was looked at. */
  readonly entries: number;
  /** Entries of the target, before the run. */
  readonly targetEntries: number;
  readonly changes: number;
  readonly deletions: number;
  readonly bytes: number;
  /** Entries of the source that the target has under no name: what it takes to hold them. */
  readonly inodes: number;
  /** The first few of them, for a message. */
  readonly doomed: readonly Buffer[];
  /** False when some of the source couldn't be read: then nothing may be deleted. */
  readonly whole: boolean;
  /** Names that the scan could not look at, or into: what lies there, it didn't see. */
  readonly unlisted: readonly string[];
  /** Errors that the source's file systems had found in themselves before, by their mount points. */
  readonly errorsBefore: ReadonlyMap<string, number>;
  /** Of all files of the source. */
  readonly totalBytes: number;
  /** What would change, name by name; undefined when it is too much: then the copy looks at the whole tree again. */
  readonly listed: Listed | undefined;
  /** Names at which a file of the target gives way to other content, or to what is no file; undefined when those alone are too many. */
  readonly overwritten: readonly string[] | undefined;
  /** Files that would get another content, by the service that they are of. */
  readonly rewritten: ReadonlyMap<string, Rewritten>;
  /** Files to be copied that may hold large holes. */
  readonly large: readonly { readonly name: string; readonly bytes: number }[];
}

/** Names below the root, byte by byte as latin1. */
export interface Listed {
  /** All that is copied or gets other metadata. */
  readonly changed: readonly string[];
  /** Of them, files that the target lacks. */
  readonly created: readonly string[];
  /** Of them, files that get new content, and so a file of their own. */
  readonly replaced: ReadonlySet<string>;
  /** Of them, files of which only the time differs. */
  readonly touched: readonly string[];
  readonly deleted: readonly string[];
}

export interface Copied {
  readonly changed: number;
  readonly deleted: number;
  readonly bytes: number;
  /** Segment of the journal that names them; undefined when there were none. */
  readonly segment: string | undefined;
}

/** The entry at the root that a name is, or lies in. */
export function serviceOf(name: string): string {
  return name.split("/", 1)[0] ?? name;
}

/** Whether an operator said of a name's service that what it has lost is meant to go. */
export function isMeant({ accepted }: Mirror, name: string): boolean {
  return accepted.has(notedName(serviceOf(name)));
}

/** ext4's own folder for recovered files belongs to each file system, not to its data. */
const ownEntries = ["lost+found"];

export function journalFolder(config: NfsMirrorConfig): string {
  return join(config.stateDir, "journal");
}

/** Entries at the source's root that aren't mirrored. */
export function leftOut(config: NfsMirrorConfig): readonly string[] {
  return [...new Set([...ownEntries, ...config.excludes, ...config.keep])];
}

/** Whether an entry at the source's root is one that isn't mirrored. */
export function isLeftOut(config: NfsMirrorConfig, entry: string): boolean {
  return entry.startsWith(ownPrefix) || leftOut(config).includes(entry);
}

/** The same, for a search by find. */
export function leftOutPatterns(config: NfsMirrorConfig): string[] {
  return [...leftOut(config).map(name => name.replace(/[*?[\\]/g, "\\$&")), `${ownPrefix}*`];
}
