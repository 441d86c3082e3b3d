import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { ownPrefix } from "../runtime/closed-folder";
import type { JobRun } from "../runtime/job-run";
import { leaveAlone, wholeMetadata } from "../runtime/rsync";
import { rootsOf } from "./roots";

/** One run, filled by its phases. */
export interface Mirror extends JobRun<NfsMirrorConfig> {
  scan?: Scan;
  copied?: Copied;
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

/** rsync's arguments for a mirror of one verified mount to another; the working directory is the source. */
export function mirrorArgs(mirror: Mirror, more: readonly string[]): string[] {
  const { config } = mirror;
  return [
    ...wholeMetadata,
    ...leftOut(config).map(leaveAlone),
    `--exclude=/${ownPrefix}*`,
    ...more,
    "--",
    ...rootsOf(mirror),
    `${config.target.path}/`,
  ];
}
