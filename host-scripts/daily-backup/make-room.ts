import { messageOf, Refusal } from "../runtime/errors";
import { type Room, roomOf } from "../runtime/free-room";
import { trashOf } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { within } from "../runtime/within";
import type { DailyBackup } from "./daily-backup";
import { emptyTrashes, retireSurplus, rootsOf } from "./prune";

/** A disk with less has no room for the folders and logs of a night. */
const least: Room = { bytes: 64 * 2 ** 20, inodes: 1000 };
/** Below that share of the disk, what is no longer kept goes before anything new comes. */
const shortShare = 0.05;
/** What earlier nights didn't come to may take that share of the budget. */
const mostOfBudget = 0.2;

/**
 * Removes what earlier nights left in the trash: nights that use up their budget would never come to it. Where the disk is
 * short of room, generations that are no longer kept go too, before new ones are made. Refuses when there is too little room
 * all the same.
 */
export const makeRoom: Phase<DailyBackup> = {
  name: "make-room",
  async run(run) {
    const { config, stop, notes, log, dryRun } = run;
    if (dryRun) return;
    const end = within(stop.signal, config.budgetMs * mostOfBudget);
    // What can't be removed is told, and keeps nothing else from going.
    const empty = async (): Promise<void> =>
      emptyTrashes(config, end).catch((error: unknown) => void notes.push(messageOf(error)));
    await empty();
    if (isShort(config.target.path)) {
      log.warn(`"${config.target.path}" is short of room: what is no longer kept goes first`);
      retireSurplus(run);
      await empty();
    }
    stop.check("make-room");
    refuseFullDisk(run);
  },
};

function refuseFullDisk({ config }: DailyBackup): void {
  const { path } = config.target;
  const { free } = roomOf(path);
  if (free.bytes >= least.bytes && free.inodes >= least.inodes) return;
  const lacks =
    free.bytes < least.bytes
      ? `${Math.floor(free.bytes / 2 ** 20)} MiB free, at least ${least.bytes / 2 ** 20} are needed`
      : `room for ${free.inodes} more entries (inodes), at least ${least.inodes} are needed`;
  const left = rootsOf(config).flatMap(trashOf).length;
  const trash =
    left > 0 ? `; ${left} entries of the trash are still being removed, which the next run goes on with` : "";
  throw new Refusal(
    `target "${path}" has ${lacks}${trash}`,
    shell`df -h ${path}; df -i ${path}; du -xsh ${path}/* ${path}/*/.trash   (nothing but .trash may be removed by hand)`,
    "Every generation that is kept is whole.",
  );
}

function isShort(path: string): boolean {
  const { free, all } = roomOf(path);
  const isBelow = (of: keyof Room): boolean => free[of] < Math.max(least[of], all[of] * shortShare);
  return isBelow("bytes") || isBelow("inodes");
}
