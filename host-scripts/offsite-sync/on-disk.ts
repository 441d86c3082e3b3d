import type { RsyncPass } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { writeMemory } from "./memory";
import type { Leg, LegRun, Offsite } from "./offsite";
import { type RemoteOptions, remoteRsync } from "./remote";

/*
 * A file that rsync has written is in the memory of the machine there, and for half a minute nowhere else: its name, and the record of what
 * is acknowledged, may reach the disk before what it holds does. So rsync syncs each file that it writes. One older than 3.2.4, as a NAS
 * may have, knows no such option: what a run sent is looked at once more by the next one, by size and time, as a file that was lost so is
 * shorter or gone.
 */

/** Asked again after that: rsync there may be a newer one by now. */
const refusalMs = 30 * 86_400_000;

/** More names than that aren't kept: all is compared. */
const mostNames = 10_000;

/** Whether the destination has nothing on its disk for sure when it says that it has it. */
export function isUnsynced({ memory, startedAt }: Offsite): boolean {
  const sinceMs = startedAt.getTime() - (memory.unsyncedMs ?? -Infinity);
  return sinceMs >= 0 && sinceMs < refusalMs;
}

/** As `remoteRsync`, of what writes there. */
export async function writeThere(
  run: Offsite,
  args: readonly string[],
  options: RemoteOptions,
  onItem?: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  if (isUnsynced(run)) return remoteRsync(run, args, options, onItem);
  const pass = await remoteRsync(run, ["--fsync", ...args], options, onItem);
  if (!/--fsync: unknown option|refuse --fsync/.test(pass.result.stderr)) return pass;
  run.log.warn(
    `rsync at ${run.config.destination.name} can't sync what it writes, which takes 3.2.4: what is sent is looked at once more by the next run`,
  );
  run.memory = { ...run.memory, unsyncedMs: run.startedAt.getTime() };
  writeMemory(run.config, run.memory);
  return remoteRsync(run, args, options, onItem);
}

/** Notes a file that was sent. @param name below the leg, byte by byte as latin1 */
export function noteSent(run: Offsite, leg: Leg, name: string): void {
  const names = run.legs.find(each => each.leg === leg)?.sentNames;
  if (isUnsynced(run) && names && names.size <= mostNames) names.add(name);
}

/** What the next run looks at of a leg; null for all of it. */
export function recentOf({ sentNames }: LegRun): string[] | null {
  return sentNames.size > mostNames ? null : [...sentNames];
}
