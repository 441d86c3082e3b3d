import { join } from "node:path";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import type { GenerationPolicy } from "../../plan/contracts/generations";
import { periodOf } from "../../plan/contracts/period";
import type { JobRun } from "../runtime/job-run";
import type { HandsOver } from "../runtime/hand-over";
import type { Claim } from "../runtime/kubernetes/volume-map";
import type { MissingVolume } from "../runtime/lvm/covered";
import type { LogicalVolume } from "../runtime/lvm/listing";
import type { UnfinishedRestores } from "../runtime/lvm/restore-record";
import type { OwnSnapshot } from "../runtime/lvm/snapshots";
import type { Removing } from "../runtime/unremoved";
import type { VolumeRecord } from "./record";

/** One run, filled by its phases. */
export interface DailyBackup extends JobRun<DailyBackupConfig>, Removing, HandsOver {
  readonly config: DailyBackupConfig;
  readonly startedAt: Date;
  /** Volumes that an operator said are meant to have lost what they had, by the names that messages give them. */
  readonly accepted: ReadonlySet<string>;
  /** The volume group, as it was listed once. */
  listed?: readonly LogicalVolume[];
  /** Covered volumes, also those that are missing; who has waited longest first. */
  tasks?: readonly VolumeTask[];
  /** Restores that have not ended. */
  unfinished?: UnfinishedRestores;
  /** Names of volumes whose snapshot holds what the recorded generation holds. */
  unchanged?: ReadonlySet<string>;
  readonly outcomes: Map<string, Outcome>;
  /** Volumes that the pool called unchanged, and whose files differed all the same. */
  readonly distrust: string[];
  /** Files whose content was not their copy's, though sizes and times were the same; undefined before they were compared. */
  differences?: number;
  bytes: number;
}

/** A volume that is to be copied. */
export interface VolumeTask {
  readonly volume: string;
  /** Absent for a volume that no claim is known of. */
  readonly claim?: Claim;
  /** Of its generations, below a period: "namespace/claim". */
  readonly path: string;
  readonly snapshot: OwnSnapshot | undefined;
  readonly record: VolumeRecord | undefined;
  /** The volume isn't there, though it was covered; its last snapshot may be. */
  readonly missing?: MissingVolume;
}

/** What became of a volume. */
export type Outcome =
  | { readonly kind: "unchanged" | "copied" }
  /** Pods get it as a device: it has no files of the cluster's, and its snapshots are all that is kept of it. */
  | { readonly kind: "snapshots-only" }
  | { readonly kind: "failed"; readonly reason: string; readonly next: string };

interface NamedVolume {
  readonly volume: string;
  readonly claim?: Pick<Claim, "namespace" | "name"> | undefined;
}

/** How a volume is called in messages. */
export function nameOf({ claim, volume }: NamedVolume): string {
  return claim ? `${claim.namespace}/${claim.name}` : volume;
}

/** Folders on the backup disk that this job writes to. */
export function rootOf(
  config: DailyBackupConfig,
  folder: "pvc-data" | "sqlite-backup" | "pve-config",
): string {
  return join(config.target.path, folder);
}

/** Generations that a volume has: every volume's, and further ones of its namespace. */
export function policiesOf(config: DailyBackupConfig, task: VolumeTask): GenerationPolicy[] {
  const { volumes } = config;
  if (!volumes) return [];
  const further = volumes.more.filter(({ namespaces }) => namespaces.includes(task.claim?.namespace ?? ""));
  return [volumes.keep, ...further];
}

/** The period that a generation of this run belongs to, in the job's zone. */
export function periodNow({ startedAt, config: { zone } }: DailyBackup, every: "day" | "week"): string {
  return periodOf(startedAt.getTime(), every, zone);
}
