import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable";
import { exitCodes, messageOf, Refusal, RunnerError } from "../errors";
import { ready, shell } from "../shell";
import type { Unfinished } from "../unfinished";

const workload = z.strictObject({
  kind: z.enum(["Deployment", "StatefulSet"]),
  namespace: z.string(),
  name: z.string(),
  /** How many pods it had before the restore touched it. */
  replicas: z.int(),
});
export type FormerScale = z.infer<typeof workload>;

const record = z.strictObject({
  volume: z.string(),
  snapshot: z.strictObject({ name: z.string(), uuid: z.string() }),
  /** The volume as it was before: known by its UUID, whatever its name is by now. */
  old: z.strictObject({ uuid: z.string(), sizeBytes: z.number(), tags: z.array(z.string()) }),
  /** When the restore began, as in the names of volumes. */
  stamp: z.string(),
  /** Name of the persistent volume; null when the cluster has none, or wasn't asked. */
  persistentVolume: z.string().nullable(),
  claim: z.strictObject({ namespace: z.string(), name: z.string() }).nullable(),
  workloads: z.array(workload),
  doing: z.enum(["restore", "rollback"]),
  /** Phase that was begun last. */
  phase: z.string(),
  /** UUID of the volume that took the old one's place; null until it was seen there. */
  freshUuid: z.string().nullable(),
  /** Pods may have written to it, so it is never removed by itself. */
  used: z.boolean(),
  end: z.strictObject({ at: z.string(), as: z.enum(["restored", "rolled-back"]) }).nullable(),
});

/**
 * What a restore has to know of itself after a crash: who had how many pods, and which volume is which. How far it came,
 * LVM and the cluster tell.
 */
export type RestoreRecord = z.infer<typeof record>;

/** Name that the old volume is kept under. */
export function keptName({ volume, stamp }: Pick<RestoreRecord, "volume" | "stamp">): string {
  return `${volume}_before_restore_${stamp}`;
}

/** Name of the restored volume once it was taken away again. */
export function asideName({ volume, stamp }: Pick<RestoreRecord, "volume" | "stamp">): string {
  return `${volume}_rolled_back_${stamp}`;
}

/** The last restore of a volume, whether it has ended or not. @throws {Refusal} when its file can't be read */
export function readRecord(stateDir: string, volume: string): RestoreRecord | undefined {
  const file = fileOf(stateDir, volume);
  if (!existsSync(file)) return undefined;
  try {
    return record.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new Refusal(
      `the record of an earlier restore can't be read: ${file}: ${messageOf(error)}`,
      shell`lvs -o lv_name,origin,lv_tags | grep ${volume}; cat ${file}`,
    );
  }
}

export function writeRecord(stateDir: string, value: RestoreRecord): void {
  writeDurably(
    fileOf(stateDir, value.volume),
    `${JSON.stringify(record.parse(value), undefined, 2)}\n`,
    0o600,
  );
}

/** How a restore that has not ended is gone on with: commands to paste. */
export function goOnText({ volume, doing }: RestoreRecord): string {
  const again = shell`lvm-pvc-snapshot restore ${volume}`;
  return doing === "rollback"
    ? shell`${ready(again)} --rollback`
    : shell`${ready(again)} --resume   (or back: ${ready(again)} --rollback)`;
}

/** A restore that has not ended, for a message. */
export function unfinishedText({ volume, snapshot, doing, phase, workloads }: RestoreRecord): string {
  const down = workloads.map(
    ({ kind, namespace, name, replicas }) => `${kind} ${namespace}/${name} had ${replicas} pods`,
  );
  return [`a ${doing} of ${volume} from ${snapshot.name} stopped in phase ${phase}`, ...down].join(", ");
}

/**
 * Restores that were begun and have not ended. The snapshots that they are made of must stay until then.
 * @throws {Refusal} when a record can't be read
 */
export function unfinishedRestores(stateDir: string): RestoreRecord[] {
  const folder = join(stateDir, "restore");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => name.endsWith(".json"))
    .flatMap(name => readRecord(stateDir, name.slice(0, -".json".length)) ?? [])
    .filter(({ end }) => end === null);
}

/** The same for a release that may know nothing of them; what can't be read may be one. */
export function unfinishedOf(stateDir: string): Unfinished[] {
  const { restores, fault } = lookForRestores(stateDir);
  const unread = fault ? [{ record: join(stateDir, "restore"), what: fault.failed, next: fault.next }] : [];
  const known = restores.map(record => ({
    record: fileOf(stateDir, record.volume),
    what: unfinishedText(record),
    next: goOnText(record),
  }));
  return [...unread, ...known];
}

/** What is known of restores that have not ended. */
export interface UnfinishedRestores {
  readonly restores: readonly RestoreRecord[];
  /** Snapshots that they are made of; unknown when a record can't be read. */
  readonly restored: ReadonlySet<string> | "unknown";
  /** What a run ends with that has done all else, when a record can't be read. */
  readonly fault: RunnerError | undefined;
}

/** For jobs that do all else in spite of a record that can't be read, and end as a failure. */
export function lookForRestores(stateDir: string): UnfinishedRestores {
  try {
    const restores = unfinishedRestores(stateDir);
    return { restores, restored: new Set(restores.map(({ snapshot }) => snapshot.name)), fault: undefined };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { failed, next } = error;
    const kept = "All else was done, and no snapshot was removed: a restore may need it.";
    return {
      ...{ restores: [], restored: "unknown" },
      fault: new RunnerError(exitCodes.failed, { failed, kept, next }, { cause: error }),
    };
  }
}

// The name of a logical volume holds no slash (lvm(8), "Valid names"), and it was looked up before it is used here.
function fileOf(stateDir: string, volume: string): string {
  return join(stateDir, "restore", `${volume}.json`);
}
