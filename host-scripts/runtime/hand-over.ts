import { join, relative } from "node:path";
import { type FreshGeneration, type Generation, promote, retire } from "./generations";
import type { JobRun } from "./job-run";
import { openSegment, type Segment } from "./journal";
import { required } from "./required";
import { keepUnremoved, type Removing } from "./unremoved";

/** A run whose changes of the backup disk the offsite run is told of. */
export interface HandsOver {
  readonly config: { readonly target: { readonly path: string }; readonly stateDir: string };
  /** Opened by the first change. */
  segment?: Segment | undefined;
}

/** Where changed paths are handed over. */
export function journalFolder({ stateDir }: { readonly stateDir: string }): string {
  return join(stateDir, "journal");
}

/** Names a folder of the backup disk, in which anything may change now, or a file, durably. */
export function handOver(run: HandsOver, path: string): void {
  run.segment ??= openSegment(journalFolder(run.config), "reconcile");
  run.segment.add(Buffer.from(relative(run.config.target.path, path)));
}

/** What was named so far is the offsite run's from now on. */
export function endHandOver(run: HandsOver): void {
  run.segment?.promote();
  run.segment = undefined;
}

/** Makes a generation visible, which is named before. @throws {RunnerError} as `promote` */
export function reveal(
  run: HandsOver & Pick<JobRun, "lock">,
  fresh: FreshGeneration,
  stop: AbortSignal,
): Promise<Generation> {
  const { fd } = required(run.lock, "lock");
  handOver(run, fresh.target);
  return promote(fresh, stop, fd);
}

/**
 * Takes a generation out of sight, which is named before: a copy of it elsewhere would stay for good. One that stays, as somebody
 * has made it immutable, is told at the end of the run and keeps nothing else from going.
 */
export function retireOne(run: HandsOver & JobRun & Removing, root: string, generation: Generation): void {
  handOver(run, generation.folder);
  try {
    retire(root, generation);
  } catch (error) {
    keepUnremoved(run, error);
  }
}
