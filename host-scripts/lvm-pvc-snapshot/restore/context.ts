import { setTimeout as sleep } from "node:timers/promises";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { exitCodes, messageOf, RunnerError } from "../../runtime/errors";
import type { KubernetesApi } from "../../runtime/kubernetes/api";
import type { Log } from "../../runtime/log";
import type { LogicalVolume } from "../../runtime/lvm/listing";
import { required } from "../../runtime/required";
import { shell } from "../../runtime/shell";
import type { Stop } from "../../runtime/stop";
import { type RestoreRecord, writeRecord } from "../../runtime/lvm/restore-record";
import { type Act, type Places, placesOf } from "./swap";

/** What an operator asks for. */
export interface RestoreRequest {
  /** Name of the live logical volume. */
  readonly volume: string;
  /** Name of the snapshot; needed to begin a restore, not to go on with one. */
  readonly snapshot: string | undefined;
  /** `restore` also goes on with an unfinished restore of the same snapshot. */
  readonly action: "restore" | "resume" | "rollback";
  readonly dryRun: boolean;
  /** False: the operator says that nothing uses the volume, and the cluster isn't asked. */
  readonly workload: boolean;
  /** How long pods may take to end, the volume to be detached, and pods to be ready again; each. */
  readonly waitMs: number;
}

/** Volumes of the host. Tests put one with faults in its place. */
export interface Lvm {
  list(stop: AbortSignal): Promise<LogicalVolume[]>;
  /**
   * Mends what a command left that was killed half-way, such as an `lvcreate` at a loss of power: until then, every change
   * of the pool fails. @returns the listing without what was removed
   */
  mend(listed: readonly LogicalVolume[], stop: AbortSignal): Promise<readonly LogicalVolume[]>;
  /** Changes something. It is never cut short by a stop: half a change of LVM is worse than a second more. */
  act(argv: Act["argv"]): Promise<void>;
  /** Type of the file system on a volume, e.g. "ext4", "crypto_LUKS"; undefined when none is found. */
  fileSystem(volume: string, stop: AbortSignal): Promise<string | undefined>;
}

/** Where a restore runs. */
export interface World {
  readonly lvm: Lvm;
  /** Undefined when the config knows no cluster. @throws {Refusal} when its credential can't be used */
  readonly connect: ((stop: AbortSignal) => KubernetesApi) | undefined;
  readonly pollMs: number;
  /** Tells monitoring which restores have not ended, by their records on disk; never fails. */
  tellUnfinished(): Promise<void>;
}

/** One restore, or one rollback. */
export interface Restore extends World {
  readonly request: RestoreRequest;
  readonly config: Pick<
    LvmPvcSnapshotConfig,
    "job" | "host" | "vg" | "pool" | "pattern" | "guard" | "stateDir"
  >;
  readonly log: Log;
  readonly stop: Stop;
  readonly notes: string[];
  record: RestoreRecord | undefined;
  /** Set by the phase `check`. */
  volumes: readonly LogicalVolume[];
  /** Whether the record is of this run or of one that was interrupted: nothing may be changed before. */
  begun: boolean;
}

export function recordOf(restore: Restore): RestoreRecord {
  return required(restore.record, "record of the restore");
}

/** Changes the record, on the disk first. */
export function note(restore: Restore, change: Partial<RestoreRecord>): void {
  const next = { ...recordOf(restore), ...change };
  writeRecord(restore.config.stateDir, next);
  restore.record = next;
}

export async function lookAtVolumes(restore: Restore): Promise<Places> {
  restore.volumes = await restore.lvm.list(restore.stop.signal);
  return placesOf(recordOf(restore), restore.volumes);
}

export function places(restore: Restore): Places {
  return placesOf(recordOf(restore), restore.volumes);
}

/** Does what is left to do, one command after the other; a stop waits for the end of the one that runs. */
export async function perform(restore: Restore, acts: readonly Act[]): Promise<void> {
  for (const { argv, why } of acts) {
    restore.stop.check(recordOf(restore).phase);
    restore.log.info(`${why}: ${argv.join(" ")}`);
    await restore.lvm.act(argv);
  }
}

/** The command that the operator gave, for what to do next. */
export function command({ request, record }: Restore, ...flags: readonly string[]): string {
  const snapshot = flags.length > 0 ? [] : [request.snapshot ?? record?.snapshot.name ?? ""];
  const workload = request.workload ? [] : ["--no-workload"];
  return shell`lvm-pvc-snapshot restore ${[request.volume, ...snapshot, ...flags, ...workload]}`;
}

/** Something didn't come about in time. */
export class NotInTime extends RunnerError {
  constructor(
    readonly reason: string,
    next: string,
  ) {
    super(exitCodes.failed, { failed: reason, kept: "", next });
    this.name = "NotInTime";
  }
}

/**
 * Waits until nothing is waited for. An API that is away for a moment is waited for as well.
 * @param ask what is still waited for; undefined when it has come about
 * @param next how an operator finds out more
 * @throws {NotInTime}
 */
export async function waitFor(
  restore: Restore,
  ask: () => Promise<string | undefined>,
  next: string,
): Promise<void> {
  const { request, log, stop, pollMs } = restore;
  const deadline = performance.now() + request.waitMs;
  for (let first = true; ; first = false) {
    const waiting = await ask().catch((error: unknown) => messageOf(error));
    if (waiting === undefined) return;
    stop.check(recordOf(restore).phase);
    if (first) log.info(`waits up to ${request.waitMs / 1000} s: ${waiting}`);
    else log.progress(waiting);
    if (performance.now() >= deadline)
      throw new NotInTime(`${waiting}, still after ${request.waitMs / 1000} s`, next);
    await sleep(pollMs, undefined, { signal: stop.signal });
  }
}
