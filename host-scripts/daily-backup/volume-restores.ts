import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import type { LogicalVolume } from "../runtime/lvm/listing";
import { ready, shell } from "../runtime/shell";
import type { Unfinished } from "../runtime/unfinished";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";

const record = z.object({
  volume: z.string(),
  /** Of the logical volume: another one of that name holds nothing of this restore. */
  uuid: z.string(),
  /** "NAMESPACE/CLAIM", as the copy is called. */
  name: z.string(),
  begunAt: z.iso.datetime(),
  /** Commands to be typed: the same restore again, and what gives back what the volume had. */
  again: z.string(),
  undo: z.string(),
  /** The job's snapshots of the volume that were there when it had ended, by their uuids; absent until then. */
  earlier: z.array(z.string()).optional(),
});
/**
 * A restore into a volume. Until it has ended the volume has a part of a copy and a part of what it had, and any snapshot of that time
 * has less: a night that took it for what the volume holds would put it in the place of the very copy that is restored.
 */
export type VolumeRestore = z.infer<typeof record>;

function folderOf(stateDir: string): string {
  return join(stateDir, "volume-restores");
}

function fileOf(stateDir: string, volume: string): string {
  return join(folderOf(stateDir), `${volume}.json`);
}

/** Takes down, durably, that a restore begins, or has ended. */
export function writeRestore(stateDir: string, restore: VolumeRestore): void {
  writeDurably(fileOf(stateDir, restore.volume), `${JSON.stringify(restore, undefined, 2)}\n`, 0o600);
}

function forget(stateDir: string, volume: string): void {
  rmSync(fileOf(stateDir, volume), { force: true });
}

/** By the names of volumes; "unread" for what can't be read, which may be of one that was cut. */
export function readRestores(stateDir: string): ReadonlyMap<string, VolumeRestore | "unread"> {
  const names = namesIn(folderOf(stateDir)).filter(name => name.endsWith(".json"));
  return new Map(
    names.map(name => {
      const volume = name.slice(0, -".json".length);
      return [volume, readOne(stateDir, volume)];
    }),
  );
}

function readOne(stateDir: string, volume: string): VolumeRestore | "unread" {
  try {
    return record.parse(JSON.parse(readFileSync(fileOf(stateDir, volume), "utf8")));
  } catch {
    return "unread";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Why a volume isn't copied in this night, and what to type. */
export interface NotCopied {
  readonly reason: string;
  readonly next: string;
}

/**
 * Whether a volume's newest snapshot is of a time at which a restore had not ended. A record that says nothing any more goes.
 * @param listed all volumes of the group
 */
export function restoreFault(
  run: DailyBackup,
  task: VolumeTask,
  restore: VolumeRestore | "unread" | undefined,
  listed: readonly LogicalVolume[],
): NotCopied | undefined {
  if (restore === undefined) return undefined;
  const { config, accepted, log, dryRun } = run;
  const fault = faultOf(run, task, restore, listed);
  if (fault !== undefined && !accepted.has(nameOf(task))) return fault;
  if (fault !== undefined) log.warn(`${nameOf(task)}: ${fault.reason}, which is accepted`);
  if (!dryRun) forget(config.stateDir, task.volume);
  return undefined;
}

function faultOf(
  { config }: DailyBackup,
  task: VolumeTask,
  restore: VolumeRestore | "unread",
  listed: readonly LogicalVolume[],
): NotCopied | undefined {
  const accept = acceptCommand(config.job, nameOf(task));
  if (restore === "unread") {
    const file = fileOf(config.stateDir, task.volume);
    return {
      reason: `the record of a restore into it can't be read: ${file}`,
      next: shell`cat ${file}   (if what the volume has is meant to be so: ${ready(accept)})`,
    };
  }
  const live = listed.find(({ name }) => name === task.volume);
  const newest = task.snapshot?.volume;
  if (live && live.uuid !== restore.uuid)
    // Another one has its name, as by `lvm-pvc-snapshot restore`: what was made of it comes after it, by the pool's own count.
    return (newest?.thinId ?? 0) > (live.thinId ?? 0) ? undefined : tooEarly(config, restore);
  if (restore.earlier === undefined)
    return {
      reason: cutText(restore),
      next: shell`${ready(waysOut(restore))}; if what it has now is meant to be so: ${ready(accept)}`,
    };
  return restore.earlier.includes(newest?.uuid ?? "") ? tooEarly(config, restore) : undefined;
}

function tooEarly({ volumes, job }: DailyBackup["config"], { begunAt }: VolumeRestore): NotCopied {
  return {
    reason: `its newest snapshot was made before a restore into it had ended, which was begun at ${begunAt}`,
    next: shell`systemctl start ${volumes?.snapshotJob ?? ""}; systemctl start ${job}`,
  };
}

function cutText({ begunAt }: VolumeRestore): string {
  return `a restore into it, begun at ${begunAt}, was cut or goes on: it has a part of the copy, and a part of what it had`;
}

function waysOut({ again, undo }: VolumeRestore): string {
  return shell`${ready(again)}   (or, to have back what it had: ${ready(undo)})`;
}

/** For a release that knows nothing of them. */
export function unfinishedRestores(stateDir: string): Unfinished[] {
  return [...readRestores(stateDir)].flatMap(([volume, restore]): Unfinished[] => {
    const file = fileOf(stateDir, volume);
    if (restore === "unread")
      return [
        {
          record: file,
          what: `a restore into ${volume}, of which the record can't be read`,
          next: shell`cat ${file}`,
        },
      ];
    if (restore.earlier !== undefined) return [];
    return [{ record: file, what: `${volume}: ${cutText(restore)}`, next: waysOut(restore) }];
  });
}
