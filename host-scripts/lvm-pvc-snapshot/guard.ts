import { Refusal } from "../runtime/errors";
import { LvmFailed } from "../runtime/lvm/command";
import { type PoolStatus, poolDevice, readPool } from "../runtime/lvm/pool-status";
import { removeSnapshots } from "../runtime/lvm/remove";
import { mendPool, resumeSuspended } from "../runtime/lvm/unfinished";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { type SnapshotRun, existingSnapshots } from "./context";
import { firstNames } from "./discover";
import { expiredIn, mostPerVolume, type ExistingSnapshot, thinningOrder } from "../runtime/lvm/existing";
import { shell } from "../runtime/shell";
import { isHopeless, keepTrials, situationOf, whyInVain } from "./in-vain";
import { type OverLimit, overLimit, percentText } from "./limits";
import { forgetTrials, readTrials } from "./trials";

/** Makes the pool fit to take snapshots, or refuses. A guest must never see a full pool. */
export const guard: Phase<SnapshotRun> = {
  name: "guard",
  async run(run) {
    const { config, log, stop, dryRun } = run;
    const found = required(run.found, "listing");
    const status = await readActivePool(run);
    if (!dryRun) {
      if (overLimit(status, config.guard.thinOut) === undefined) forgetTrials(config.stateDir);
      const volumes = await mendPool(config, found.volumes, status, stop.signal, log);
      run.found = { ...found, volumes };
      await resumeSuspended(config.vg, volumes, stop.signal, log);
    }
    const declined = await roomFor(run);
    if (declined === undefined) return;
    throw new Refusal(declined.failed, declined.next, keptWords(run));
  },
};

/** Why no snapshot can be made, and what to do about it. */
export interface Declined {
  readonly failed: string;
  readonly next: string;
}

/**
 * Thins out while the pool is near its limits, one snapshot at a time and no more than needed. Snapshots may not be what
 * fills it: each removal is measured, and no more of what is still to be kept goes once that would be in vain. Each volume
 * counts by its own: of many quiet ones, whose snapshots hold nothing, one busy volume may be what there is to gain.
 * @returns why no (further) snapshot may be made; undefined when there is room
 */
export async function roomFor(run: SnapshotRun): Promise<Declined | undefined> {
  const { config, dryRun, log } = run;
  let status = await readActivePool(run);
  const before = overLimit(status, config.guard.thinOut);
  if (before === undefined) return undefined;
  const existing = existingSnapshots(run, required(run.found, "listing"));
  const candidates = thinningOrder(existing, keepingOf(run));
  const expired = expiredIn(existing, keepingOf(run));
  const { thinning } = run;
  const goneBefore = thinning.gone.length;
  if (thinning.seen.length === 0) thinning.seen.push(status);
  thinning.trials = readTrials(config.stateDir, situationOf(run, status), Date.now());
  const left = new Set(candidates);
  for (const snapshot of dryRun ? [] : candidates) {
    run.stop.check("guard");
    if (overLimit(status, config.guard.thinOut) === undefined) break;
    if (hadItsShare(run, snapshot, status)) continue;
    if (!expired.has(snapshot)) {
      thinning.stopped ??= whyInVain(run, status, left);
      if (thinning.stopped !== undefined) break;
      if (isHopeless(run, snapshot, status)) continue;
    }
    left.delete(snapshot);
    const { removed, reason } = await removeSnapshots(config.vg, [snapshot.name]);
    if (removed.length === 0) {
      log.warn(`${snapshot.name} can't be removed: ${reason}`);
      continue;
    }
    thinning.gone.push(snapshot);
    if (!expired.has(snapshot)) thinning.early.push(snapshot);
    run.removed.add(snapshot.name);
    const full = status;
    status = await readActivePool(run);
    thinning.seen.push(status);
    thinning.freed.push({
      origin: snapshot.origin,
      data: full.dataPercent - status.dataPercent,
      metadata: full.metadataPercent - status.metadataPercent,
    });
    keepTrials(run);
  }
  tellThinning(run, before, thinning.gone.slice(goneBefore), candidates);
  const over = overLimit(status, config.guard.decline);
  return over && declinedBy(run, over);
}

/** Below the limit from which on no snapshot is made, there is a day to notice it before all of a volume's are gone. */
function hadItsShare(
  { config, thinning }: SnapshotRun,
  { origin }: ExistingSnapshot,
  status: PoolStatus,
): boolean {
  const own = thinning.gone.filter(snapshot => snapshot.origin === origin);
  return own.length >= mostPerVolume && overLimit(status, config.guard.decline) === undefined;
}

export function keepingOf({ config }: SnapshotRun) {
  return { policy: config.keep, zone: config.zone, nowMs: Date.now() };
}

/** Why the pool is still over its limit after a thinning; empty where it isn't. */
export function whyNoMore({ config, thinning }: SnapshotRun): string {
  const last = thinning.seen.at(-1);
  if (thinning.stopped !== undefined) return `; ${thinning.stopped}`;
  if (!last || overLimit(last, config.guard.thinOut) === undefined) return "";
  return `; it is still over its limit, and one run takes no more than ${mostPerVolume} of a volume`;
}

function tellThinning(
  run: SnapshotRun,
  before: OverLimit,
  gone: readonly ExistingSnapshot[],
  candidates: readonly ExistingSnapshot[],
): void {
  const { config, dryRun, poolStatus, notes, log } = run;
  const full = `pool ${config.vg}/${config.pool} had ${percentText(before.percent)} of its ${before.what} in use, and old snapshots go before their time from ${before.limit} % on`;
  if (dryRun) {
    log.info(`${full}: would remove up to ${candidates.length}, the oldest first`);
    return;
  }
  const now = poolStatus && `; now ${percentText(poolStatus[`${before.what}Percent`])}`;
  const stays = whyNoMore(run);
  const none =
    candidates.length === 0 ? ": there are none but the newest of each volume" : `: none went${stays}`;
  notes.push(
    gone.length === 0
      ? `${full}${none}`
      : `${full}: removed ${gone.length}, the oldest first: ${firstNames(gone, 10)}${now ?? ""}${stays}`,
  );
  for (const { name } of gone) log.info(`removed ${name}: the pool is nearly full of ${before.what}`);
}

function declinedBy(run: SnapshotRun, { what, percent, limit }: OverLimit): Declined {
  const { config, thinning } = run;
  const removed = thinning.gone.length;
  const stays = thinning.stopped === undefined ? "" : `; ${thinning.stopped}`;
  const went = removed > 0 ? `; ${removed} old ones were removed` : "";
  return {
    failed: `pool ${config.vg}/${config.pool} has ${percentText(percent)} of its ${what} in use, and no snapshot is made from ${limit} % on${went}${stays}`,
    next: makeRoom(run, what),
  };
}

/** What to type about a pool that is full of something. */
export function makeRoom({ config }: SnapshotRun, what: OverLimit["what"]): string {
  const pool = `${config.vg}/${config.pool}`;
  return what === "metadata"
    ? shell`lvextend --poolmetadatasize +1G ${pool}`
    : shell`lvs --units g -S ${`pool_lv=${config.pool}`} -O -data_percent -o name,size,data_percent ${config.vg}   (what holds the space; then lvextend --size +100G ${pool})`;
}

/** @throws {Refusal} when the pool takes no change at all */
async function readActivePool(run: SnapshotRun): Promise<PoolStatus> {
  const { vg, pool } = run.config;
  let status: PoolStatus;
  try {
    status = await readPool(vg, pool, run.stop.signal);
  } catch (error) {
    run.stop.check("guard");
    if (!(error instanceof LvmFailed)) throw error;
    throw new Refusal(`pool ${vg}/${pool} isn't active: ${error.reason}`, shell`lvchange -ay ${vg}/${pool}`);
  }
  run.poolStatus = status;
  if (status.fault === undefined) return status;
  throw new Refusal(
    `pool ${vg}/${pool} takes no change: ${status.fault}`,
    shell`dmsetup status ${poolDevice(vg, pool)}; lvs -a -o +lv_health_status ${vg}; dmesg --level err,warn | tail`,
    keptWords(run),
  );
}

/** What is safe when no snapshot was made. */
export function keptWords(run: SnapshotRun): string {
  const lists = run.found ? [...existingSnapshots(run, run.found).values()] : [];
  const all = lists.flat();
  if (all.length === 0) return "There are no earlier snapshots.";
  const newest = all.reduce((a, b) => (a.order > b.order ? a : b));
  return `${all.length} snapshots of ${lists.length} volumes are kept, each volume's newest among them; the last was made at ${new Date(newest.madeMs).toISOString()}.`;
}
