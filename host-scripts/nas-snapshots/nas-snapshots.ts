import type { DriftSetting, NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import type { JobRun } from "../runtime/job-run";
import type { Memory } from "./memory";

/** A snapshot, by the name that the NAS gave it. */
export interface Snapshot {
  readonly name: string;
  /** When it was made, by its name: epoch ms of the NAS's clock. */
  readonly atMs: number;
}

/** What a NAS said of a share. What it didn't say, or in words that nobody knows, is undefined. */
export interface Facts {
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** Lines of the list that are no snapshot's name. */
  readonly unknownLines: readonly string[];
  /** By how much the NAS's clock is ahead of this host's, in ms. */
  readonly skewMs: number | undefined;
  /** Days after which it removes snapshots, as its configuration of the share has it. */
  readonly keepDays: number | undefined;
  /** Its retention policy in its own words. */
  readonly policy: string | undefined;
  readonly volume: { readonly sizeBytes: number; readonly freeBytes: number } | undefined;
  readonly share: { readonly usedBytes: number; readonly quotaBytes: number | undefined } | undefined;
  /** What single snapshots alone hold. */
  readonly pinnedBytes: number | undefined;
  /** Whether sudo lets the account delete snapshots. */
  readonly mayDelete: boolean | undefined;
}

/** Something that isn't as the estate has it. */
export interface Drift {
  readonly setting: DriftSetting;
  readonly text: string;
}

/** Something that is wrong: the run ends as a failure that names it. */
export interface Fault {
  readonly text: string;
  readonly next: string;
}

/** One run, filled by its phases. */
export interface NasLook extends JobRun<NasSnapshotsConfig> {
  /** This host's clock at the last look. */
  lookedAt: Date;
  memory: Memory;
  facts?: Facts;
  drifts: readonly Drift[];
  readonly faults: Fault[];
  daysToFull?: number;
}
