import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { acceptedBy, isInForce } from "../../plan/contracts/accepted";
import { acceptedPart } from "../runtime/accepted";
import { writeDurably } from "../runtime/durable";
import { type FreshGeneration, type Generation, generationsOfAnyKind } from "../runtime/generations";
import { handOver, retireOne, reveal } from "../runtime/hand-over";
import { incompleteFolder, lacksEnding } from "../runtime/incomplete";
import { noted, quoted, shortened } from "../runtime/quoted";
import type { LackedEntry } from "../runtime/rsync-errors";
import { shell } from "../runtime/shell";
import { type DailyBackup, nameOf, rootOf, type VolumeTask } from "./daily-backup";
import { VolumeFailed } from "../runtime/file-system";

/** What there is of a volume was copied, and something is missing. */
export class VolumeIncomplete extends VolumeFailed {}

/** Entries that could not be copied and that the estate doesn't accept. */
export function missedOf(
  run: DailyBackup,
  { path }: VolumeTask,
  lacked: readonly LackedEntry[],
): readonly LackedEntry[] {
  return lacked.filter(entry => !isAccepted(run, path, entry.path));
}

/** What of a volume the estate accepts as a whole, and an entry of it is or lies in: however many of those have no copy. */
export function acceptedIn(
  run: DailyBackup,
  { path: volume }: VolumeTask,
): (entry: Buffer) => Buffer | undefined {
  const entries = (run.config.volumes?.accepted ?? []).filter(entry =>
    isInForce(entry, run.startedAt.getTime()),
  );
  const above = `${Buffer.from(volume).toString("latin1")}/`;
  return entry => {
    const part = acceptedPart(entries, above + entry.toString("latin1"));
    return part !== undefined && part.length > above.length
      ? Buffer.from(part.slice(above.length), "latin1")
      : undefined;
  };
}

/** Whether the estate accepts that an entry of a volume has no copy; a note says so. @param volume "namespace/claim" */
export function isAccepted(run: DailyBackup, volume: string, entry: Buffer): boolean {
  // As the messages show it, which is how the estate can name what is no text.
  const path = noted(Buffer.concat([Buffer.from(`${volume}/`), entry]));
  const accepted = acceptedBy(run.config.volumes?.accepted ?? [], path);
  if (!accepted) return false;
  const { reason, until } = accepted;
  if (isInForce(accepted, run.startedAt.getTime())) {
    const note = `accepted until ${until} (${reason}): ${shortened(path)} has no copy`;
    if (!run.notes.includes(note)) run.notes.push(note);
    return true;
  }
  run.log.warn(`was accepted until ${until} (${reason}), and counts again: ${shortened(path)} has no copy`);
  return false;
}

/** Makes visible what could be copied, with a list of what could not. @returns the failure to report */
export async function keepIncomplete(
  run: DailyBackup,
  task: VolumeTask,
  fresh: FreshGeneration,
  missed: readonly LackedEntry[],
  stop: AbortSignal,
): Promise<VolumeIncomplete> {
  const target = join(fresh.root, incompleteFolder, relative(fresh.root, fresh.target));
  const list = missed.map(({ path, reason }) => ({ path: quoted(path), reason }));
  handOver(run, `${target}${lacksEnding}`);
  writeDurably(`${target}${lacksEnding}`, `${JSON.stringify(list, null, 1)}\n`, 0o600);
  await reveal(run, { ...fresh, target }, stop);
  retireIncomplete(run, task, target);
  const [first] = missed;
  return new VolumeIncomplete(
    `${missed.length} of its entries can't be read, first ${shortened(quoted(first?.path ?? ""))}: ${first?.reason ?? ""}. All others are in ${quoted(target)}, and its complete generations stay`,
    shell`less ${`${target}${lacksEnding}`}; dmesg --level err,warn | tail   (mend or remove them, or accept ${nameOf(task)}/PATH in the estate)`,
  );
}

/** What there is of a volume that has no complete generation yet. */
export function newestIncomplete(run: DailyBackup, task: VolumeTask): Generation | undefined {
  return incompleteOf(run, task)
    .sort((a, b) => a.period.localeCompare(b.period))
    .at(-1);
}

/** Takes incomplete generations of a volume away: there is a complete one again, or a newer one. @param newest stays */
export function retireIncomplete(run: DailyBackup, task: VolumeTask, newest?: string): void {
  for (const generation of incompleteOf(run, task)) {
    if (generation.folder === newest) continue;
    rmSync(`${generation.folder}${lacksEnding}`, { force: true });
    retireOne(run, rootOf(run.config, "pvc-data"), generation);
  }
}

function incompleteOf(run: DailyBackup, { path }: VolumeTask): Generation[] {
  const root = join(rootOf(run.config, "pvc-data"), incompleteFolder);
  return generationsOfAnyKind(root, path);
}
