import { offsiteSyncModule } from "../../plan/contracts/offsite-sync";
import type { RsyncPass } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { type Memory, type Recent, writeMemory } from "./memory";
import type { Leg, LegRun, Offsite } from "./offsite";
import {
  failureOf,
  isRefused,
  knownHosts,
  reconnect,
  remotePath,
  type RemoteOptions,
  remoteRsync,
  toTheNanosecond,
} from "./remote";

/*
 * A file that rsync has written is in the memory of the machine there, and for half a minute nowhere else: its name, and the record of what
 * is acknowledged, may reach the disk before what it holds does. So all of it is synced before it is acknowledged, once, where the
 * destination does that when it is asked. One that doesn't has rsync sync each file that it writes. One that is older than 3.2.4, as a NAS
 * may have, knows no such option: what a run sent is looked at once more by the next one, by size and time, as a file that was lost so is
 * shorter or gone. One that is still in memory looks like one that is on the disk, and so each name is looked at until a run has begun
 * when its file was surely written. What a run sent that failed is in a journal yet, but the run behind it may find it in memory, and
 * acknowledge it without sending it.
 *
 * A sync is worth something only of a destination that has run since it was sent something: one that lost its power and has it again syncs
 * nothing, and succeeds. So all from the first file on to the sync goes over one connection, which doesn't outlive it.
 */

/**
 * As long as a kernel may take to write by itself: what is dirty for 30 s (vm.dirty_expire_centisecs) once it wakes for that, each 5 s
 * (vm.dirty_writeback_centisecs), and what the file system notes of it up to 30 s later (btrfs' `commit`, xfssyncd_centisecs; ext4's is
 * 5 s). The rest is for the disk, which may have much to write.
 */
const writtenBackMs = 5 * 60_000;

/** Asked again after that: rsync there may be a newer one by now. */
const refusalMs = 30 * 86_400_000;

/** More names than that aren't kept: all is compared. */
const mostNames = 10_000;

/** Whether the destination has nothing on its disk for sure when it says that it has it. */
export function isUnsynced({ memory, startedAt }: Offsite): boolean {
  return isWithin(memory.unsyncedMs ?? -Infinity, startedAt);
}

function isWithin(askedMs: number, now: Date): boolean {
  const sinceMs = now.getTime() - askedMs;
  return sinceMs >= 0 && sinceMs < refusalMs;
}

/** From here on all is asked over one connection, where what is sent is synced by one question at the end. */
export async function bind(run: Offsite): Promise<void> {
  if (run.isBound) return;
  if (run.connection?.isOpen() === false) await reconnect(run);
  run.isBound = run.memory.syncs === true;
}

/** A transfer that broke has taken its connection along: what comes has another, and what was sent is looked at by the next run. */
export function unbind(run: Offsite): void {
  if (run.connection?.isOpen() !== false) return;
  run.isBound = false;
  run.isSplit = true;
}

/** As `remoteRsync`, of what writes there. */
export async function writeThere(
  run: Offsite,
  args: readonly string[],
  options: RemoteOptions,
  onItem?: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  await bind(run);
  if (isUnsynced(run) || run.memory.syncs === true) {
    keepSending(run);
    return remoteRsync(run, args, options, onItem);
  }
  const pass = await remoteRsync(run, ["--fsync", ...args], options, onItem);
  if (!isRefused(pass, "--fsync")) return pass;
  const { unsyncedMs } = run.memory;
  run.memory = { ...run.memory, unsyncedMs: run.startedAt.getTime() };
  keepSending(run);
  const again = await remoteRsync(run, args, options, onItem);
  // It was the line, and no refusal.
  if (again.outcome === "broken") {
    run.memory = { ...run.memory, unsyncedMs };
    return again;
  }
  run.log.warn(
    `rsync at ${run.config.destination.name} can't sync what it writes, which takes 3.2.4, nor has it a module ${offsiteSyncModule}, which the page of this layer has: what is sent is looked at once more by the next run`,
  );
  return again;
}

/**
 * Asks whether rsync there compares times by the second, as one of 3.1.2 does: that ends over the option for more, whatever else it is
 * told. @throws {RunnerError} when it can't be asked
 */
export async function askTimes(run: Offsite): Promise<void> {
  const { config, memory, startedAt, log } = run;
  if (memory.rsync && isWithin(memory.rsync.askedMs, startedAt)) return;
  const { name } = config.destination;
  const ask = (how: readonly string[]): Promise<RsyncPass> =>
    remoteRsync(
      { ...run, memory: {} },
      ["--dry-run", ...how, "--", knownHosts(config), remotePath(config, "")],
      {
        cwd: "/",
      },
    );
  let pass = await ask([toTheNanosecond]);
  let isCoarse = false;
  if (isRefused(pass, toTheNanosecond)) {
    // It has taken the connection along.
    await reconnect(run);
    pass = await ask([]);
    // A line that broke looks the same.
    const again = pass.outcome === "complete" ? await ask([toTheNanosecond]) : pass;
    isCoarse = pass.outcome === "complete" && isRefused(again, toTheNanosecond);
    if (isCoarse) await reconnect(run);
    else pass = again;
  }
  if (pass.outcome !== "complete")
    throw failureOf(run, name, pass, "Nothing was sent, and nothing is forgotten.");
  if (isCoarse)
    log.warn(
      `rsync at ${name} is older than 3.1.3: what changes twice in a second and keeps its size is found by a comparison of content alone`,
    );
  run.memory = { ...run.memory, rsync: { isCoarse, askedMs: startedAt.getTime() } };
}

/** Has the next run ask that again where rsync there may be another one than was asked: an older one refuses each transfer. */
export function doubtTimes(run: Offsite, pass: RsyncPass): void {
  if (run.memory.rsync?.isCoarse !== false || !isRefused(pass, toTheNanosecond)) return;
  run.memory = { ...run.memory };
  delete run.memory.rsync;
  writeMemory(run.config, run.memory);
}

function keepSending(run: Offsite): void {
  if (run.memory.isSending === true) return;
  run.memory = { ...run.memory, isSending: true };
  writeMemory(run.config, run.memory);
}

/** What a run that was killed while it sent may have left in the destination's memory: nobody knows what, nor when. */
export function afterKill({ isSending, ...memory }: Memory, legs: readonly Leg[]): Memory {
  if (isSending !== true) return memory;
  return { ...memory, recent: Object.fromEntries(legs.map(({ from }) => [from, { names: null }])) };
}

/**
 * Has the destination sync all that it was sent to its disk.
 * @returns false where it doesn't do that when it is asked, or nobody knows that it is the one that was sent to, as by two connections @throws {RunnerError} when it can't, or can't be asked
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
  const isOnDisk = !isUnknown && run.isBound && run.connection !== undefined && !run.isSplit;
  if (isOnDisk)
    for (const leg of run.legs) {
      leg.sentNames.clear();
      leg.isUnsettled = false;
    }
  if (run.memory.syncs !== !isUnknown) {
    run.memory = { ...run.memory, syncs: !isUnknown };
    writeMemory(config, run.memory);
  }
  return isOnDisk;
}

/** Notes what was sent. @param name below the leg, byte by byte as latin1 */
export function noteSent(run: Offsite, leg: Leg, name: string, isFolder = false): void {
  run.isNews = true;
  const each = run.legs.find(other => other.leg === leg);
  if (!each || !(isUnsynced(run) || run.memory.syncs === true)) return;
  each.isUnsettled = true;
  // A folder with all that it holds, and what it holds has names of its own.
  if (!isFolder && each.sentNames.size <= mostNames) each.sentNames.add(name);
}

/** A memory with what may not be on the destination's disk. @param isOnDisk what this run found there, and what it sent, is */
export function withRecent(
  { config, memory, legs, wholeParts, startedAt }: Offsite,
  isOnDisk = false,
): Memory {
  // A leg that left the estate is compared as a whole should it ever come again.
  const isLeg = (from: string): boolean => config.legs.some(leg => leg.from === from);
  const recent = new Map(Object.entries(memory.recent).filter(([from]) => isLeg(from)));
  for (const each of legs) {
    const left = recentAfter(recent.get(each.leg.from), each, startedAt.getTime(), isOnDisk);
    if (left) recent.set(each.leg.from, left);
    else recent.delete(each.leg.from);
  }
  const parts = { ...memory.parts, ...wholeParts };
  return { ...memory, parts, isSending: false, recent: Object.fromEntries(recent) };
}

function recentAfter(
  before: Recent | undefined,
  { isDone, sentNames }: LegRun,
  startedMs: number,
  isOnDisk: boolean,
): Recent | undefined {
  const wasWritten = before?.sentMs !== undefined && before.sentMs <= startedMs - writtenBackMs;
  // Of a run that was killed nobody knows what to look at: a sync saves what is still there, and brings back nothing.
  const isUnlooked = before?.names === null && before.sentMs === undefined;
  const earlier = before && (isUnlooked || !(isDone && (isOnDisk || wasWritten))) ? before.names : [];
  const names = earlier && new Set([...earlier, ...sentNames]);
  if (names?.size === 0) return undefined;
  return {
    names: names && names.size <= mostNames ? [...names] : null,
    // A clock that was ahead would have it looked at until then.
    sentMs: sentNames.size > 0 ? Date.now() : Math.min(before?.sentMs ?? startedMs, startedMs),
  };
}

/** What a run sent that ended before it was noted, or after that. */
export function keepRecent(run: Offsite): void {
  const isSame =
    run.legs.every(({ sentNames }) => sentNames.size === 0) && Object.keys(run.wholeParts).length === 0;
  if (run.memory.isSending !== true && isSame) return;
  run.memory = withRecent(run);
  writeMemory(run.config, run.memory);
}
