import { relative } from "node:path";
import { periodOf } from "../../plan/contracts/period";
import { type FreshGeneration, type Generation, promote } from "../runtime/generations";
import { openSegment } from "../runtime/journal";
import { type DailyBackup, journalFolder } from "./daily-backup";

/** The period that a generation of this run belongs to, in the job's zone. */
export function periodNow({ startedAt, config: { zone } }: DailyBackup, every: "day" | "week"): string {
  return periodOf(startedAt.getTime(), every, zone);
}

/** Names a generation's subtree to the offsite run, durably, before it becomes visible. */
export async function reveal(
  run: DailyBackup,
  fresh: FreshGeneration,
  stop: AbortSignal,
): Promise<Generation> {
  handOver(run, fresh.target);
  return promote(fresh, stop);
}

/** @param folder on the backup disk, in which anything may change now */
export function handOver(run: DailyBackup, folder: string): void {
  run.segment ??= openSegment(journalFolder(run.config), "reconcile");
  run.segment.add(Buffer.from(relative(run.config.target.path, folder)));
}
