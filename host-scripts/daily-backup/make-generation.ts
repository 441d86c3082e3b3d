import type { CollapseLimits } from "../../plan/contracts/collapse";
import type { GenerationPolicy } from "../../plan/contracts/generations";
import { acceptCommand } from "../runtime/arguments";
import { isMostlyOther } from "../runtime/collapse";
import { discard, firstGeneration, freshGeneration, type Generation } from "../runtime/generations";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { collapseOf } from "./collapse";
import {
  type CopiedFiles,
  copyFiles,
  type Holdings,
  holdingsOf,
  lostFiles,
  type PassOptions,
} from "./copy-files";
import { type DailyBackup, nameOf, rootOf, type VolumeTask, periodNow } from "./daily-backup";
import { reveal } from "../runtime/hand-over";
import { acceptedIn, keepIncomplete, missedOf, newestIncomplete, retireIncomplete } from "./incomplete";
import { VolumeFailed } from "../runtime/file-system";

/** A generation of a volume's files that has become visible. */
export interface MadeGeneration extends CopiedFiles {
  readonly generation: Generation;
}

/** Generation whose files are shared where they are the same. */
export interface Base extends Generation {
  /** Whether files have several names in it; undefined when nobody looked. */
  readonly hasLinks?: boolean | undefined;
  /** Undefined when no record tells: a claim that was made anew has the generations of another volume. */
  readonly holds?: Holdings | undefined;
  /** Files whose content is not that of the volume's, whatever their sizes and times say. */
  readonly differing?: readonly Buffer[];
}

/**
 * Makes a generation of a volume's files.
 * @param source mount point of its snapshot
 * @throws {VolumeFailed} also for a volume that collapsed: the generations of before stay
 */
export async function makeGeneration(
  run: DailyBackup,
  task: VolumeTask,
  source: string,
  { every }: Pick<GenerationPolicy, "every">,
  base: Base | undefined,
  stop: AbortSignal,
): Promise<MadeGeneration> {
  const start = base ? freshGeneration : firstGeneration;
  const fresh = start(rootOf(run.config, "pvc-data"), periodNow(run, every), task.path);
  const common = {
    ...{ into: fresh.folder, lockFd: required(run.lock, "lock").fd },
    ...{ timeoutMs: run.config.budgetMs, stop, acceptedOf: acceptedIn(run, task) },
  };
  try {
    const before = base
      ? (base.holds ?? (await holdingsOf({ ...common, source: base.folder })))
      : task.record?.holds;
    const copied = await copyFiles({
      ...common,
      ...{ source, base: base?.folder, baseHasLinks: base?.hasLinks, differing: base?.differing },
      onFile: (files, bytes) =>
        run.log.progress(`volumes: ${nameOf(task)}, file ${files}, ${bytes} bytes with it`),
    });
    const { collapse: limits } = run.config.volumes ?? {};
    // Where something can't be read, rsync doesn't tell what is gone: the base holds what was counted in it.
    const baseFiles = base && (copied.baseFiles ?? before?.files);
    const copy = base?.folder ?? rootOf(run.config, "pvc-data");
    refuseCollapse(run, task, copy, limits && collapseOf(before, { ...copied, baseFiles }, limits));
    const apart = newestIncomplete(run, task);
    if (limits && apart && apart.folder !== base?.folder)
      refuseCollapse(run, task, apart.folder, await collapseBeside(apart.folder, copied, limits, common));
    const missed = missedOf(run, task, copied.lacked);
    if (missed.length > 0) throw await keepIncomplete(run, task, fresh, missed, stop);
    const generation = await reveal(run, fresh, stop);
    retireIncomplete(run, task);
    run.bytes += copied.bytes;
    return { ...copied, generation };
  } catch (error) {
    // A first copy may take several nights: each goes on where the one before was stopped.
    if (base || !stop.aborted) discard(fresh);
    throw error;
  }
}

/**
 * Whether a copy lost most of what the incomplete generation has whose place it takes: it may hold what no complete one does.
 * @param options `into` is the copy
 */
async function collapseBeside(
  incomplete: string,
  { holds }: CopiedFiles,
  limits: CollapseLimits,
  options: Omit<PassOptions, "source">,
): Promise<string | undefined> {
  const before = await holdingsOf({ ...options, source: incomplete });
  const collapse = collapseOf(before, { holds, baseFiles: undefined, unchanged: undefined }, limits);
  if (collapse !== undefined) return collapse;
  const lost = await lostFiles(incomplete, { ...options, source: options.into });
  return isMostlyOther(lost, before.files, limits.mostChangedPercent)
    ? `${lost} of the ${before.files} files of its incomplete generation are gone or have another content`
    : undefined;
}

/** @param copy folder of what the volume was compared with */
function refuseCollapse(
  run: DailyBackup,
  task: VolumeTask,
  copy: string,
  collapse: string | undefined,
): void {
  if (collapse === undefined) return;
  if (run.accepted.has(nameOf(task))) {
    run.notes.push(`${nameOf(task)}: ${collapse}, which is accepted`);
    return;
  }
  throw new VolumeFailed(
    `${collapse}. Its earlier generations stay, and its snapshot ${task.snapshot?.volume.name ?? ""} holds what it has now`,
    shell`ls -la ${copy}   (what its copy has; if the volume is meant to have lost it: ${ready(acceptCommand(run.config.job, nameOf(task)))})`,
  );
}
