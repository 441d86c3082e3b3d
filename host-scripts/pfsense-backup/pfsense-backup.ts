import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { periodOf } from "../../plan/contracts/period";
import { exitCodes, RunnerError } from "../runtime/errors";
import { type FreshGeneration, freshGeneration } from "../runtime/generations";
import type { JobRun } from "../runtime/job-run";
import type { HandsOver } from "../runtime/hand-over";
import type { Removing } from "../runtime/unremoved";

/** One run, filled by its phases. */
export interface FirewallBackup extends JobRun<PfsenseBackupConfig>, Removing, HandsOver {
  readonly config: PfsenseBackupConfig;
  readonly startedAt: Date;
  /** What an operator said is meant to be so: the firewall's name. */
  readonly accepted: ReadonlySet<string>;
  /** Being built: both files or nothing. */
  fresh?: FreshGeneration;
  /** Why there is no good config.xml: a tar is kept all the same. */
  configFailure?: RunnerError;
  configBytes?: number;
  tarBytes?: number;
  /** Members of the tar. */
  members?: number;
  /** Generations that were, or in a dry run would be, removed. */
  pruned?: readonly string[];
}

/** Folder of the backup disk with this firewall's generations. */
export function rootOf({ target, folder }: PfsenseBackupConfig): string {
  return join(target.path, folder);
}

export function currentPeriod({ startedAt, config }: FirewallBackup): string {
  return periodOf(startedAt.getTime(), config.keep.every, config.zone);
}

/** The generation of this run, hidden until both of its files are good. */
export function buildOf(run: FirewallBackup): FreshGeneration {
  run.fresh ??= freshGeneration(rootOf(run.config), currentPeriod(run), ".");
  return run.fresh;
}

/** Without a byte for that long, a firewall counts as gone. */
export function stallMs({ stallMs: given = 60_000 }: PfsenseBackupConfig): number {
  return given;
}

/** A half that is no good: then there is no whole new generation. @param kept what is safe, where it is more than that */
export function noBackup(
  failed: string,
  next: string,
  kept = "No new generation was made; the earlier ones are whole.",
): RunnerError {
  return new RunnerError(exitCodes.failed, { failed, kept, next });
}
