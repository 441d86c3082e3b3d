import { offsiteSyncModule } from "../../plan/contracts/offsite-sync";
import type { RsyncPass } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { writeMemory } from "./memory";
import type { Leg, LegRun, Offsite } from "./offsite";
import { failureOf, remotePath, type RemoteOptions, remoteRsync } from "./remote";

/*
 * A file that rsync has written is in the memory of the machine there, and for half a minute nowhere else: its name, and the record of what
 * is acknowledged, may reach the disk before what it holds does. So all of it is synced before it is acknowledged, once, where the
 * destination does that when it is asked. One that doesn't has rsync sync each file that it writes. One that is older than 3.2.4, as a NAS
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
  if (isUnsynced(run) || run.memory.syncs === true) return remoteRsync(run, args, options, onItem);
  const pass = await remoteRsync(run, ["--fsync", ...args], options, onItem);
  if (!/--fsync: unknown option|refuse --fsync/.test(pass.result.stderr)) return pass;
  run.log.warn(
    `rsync at ${run.config.destination.name} can't sync what it writes, which takes 3.2.4, nor has it a module ${offsiteSyncModule}, which the page of this layer has: what is sent is looked at once more by the next run`,
  );
  run.memory = { ...run.memory, unsyncedMs: run.startedAt.getTime() };
  writeMemory(run.config, run.memory);
  return remoteRsync(run, args, options, onItem);
}

/**
 * Has the destination sync all that it was sent to its disk.
 * @returns false where it doesn't do that when it is asked @throws {RunnerError} when it can't, or can't be asked
 */
export async function settle(run: Offsite): Promise<boolean> {
  const { config } = run;
  const pass = await remoteRsync(
    run,
    ["--list-only", "--dirs", "--", remotePath(config, "", offsiteSyncModule)],
    { cwd: "/" },
  );
  const isUnknown = pass.result.stderr.includes("Unknown module");
  if (!isUnknown && pass.outcome !== "complete")
    throw failureOf(
      run,
      `the sync of ${config.destination.name}`,
      pass,
      "What was sent is there, and isn't acknowledged.",
    );
  if (run.memory.syncs === !isUnknown) return !isUnknown;
  run.memory = { ...run.memory, syncs: !isUnknown };
  writeMemory(config, run.memory);
  return !isUnknown;
}

/** Notes a file that was sent. @param name below the leg, byte by byte as latin1 */
export function noteSent(run: Offsite, leg: Leg, name: string): void {
  const names = run.legs.find(each => each.leg === leg)?.sentNames;
  if ((isUnsynced(run) || run.memory.syncs === true) && names && names.size <= mostNames) names.add(name);
}

/** What the next run looks at of a leg; null for all of it. */
export function recentOf({ sentNames }: LegRun): string[] | null {
  return sentNames.size > mostNames ? null : [...sentNames];
}
