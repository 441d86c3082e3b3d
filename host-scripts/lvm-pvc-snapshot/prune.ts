import { exitCodes, RunnerError } from "../runtime/errors";
import { ifReadable } from "../runtime/lvm/command";
import { readPool } from "../runtime/lvm/pool-status";
import { readRecords } from "../runtime/lvm/records";
import { removeAll } from "../runtime/lvm/remove";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { type BeforeRestore, beforeRestores } from "../runtime/lvm/snapshots";
import { type Found, type SnapshotRun, existingSnapshots, volumeLabel } from "./context";
import { firstNames } from "./discover";
import { keepingOf, keptWords, makeRoom, whyNoMore } from "./guard";
import { hasPlaceFor, overLimit, percentText } from "./limits";
import { mostPerVolume, planRemovals, type Removals, type ExistingSnapshot } from "../runtime/lvm/existing";
import { shell } from "../runtime/shell";

/** Removes what has expired, of volumes that have a new snapshot; then tells what is missing. */
export const prune: Phase<SnapshotRun> = {
  name: "prune",
  async run(run) {
    const { covered } = required(run.found, "listing");
    const { config, stop } = run;
    if (!run.dryRun) run.records = await ifReadable(readRecords(config.vg, stop.signal));
    const made = new Set(run.dryRun ? covered.map(({ name }) => name) : run.created.keys());
    const left = await removeExpired(run, made);
    const status = await ifReadable(readPool(config.vg, config.pool, stop.signal));
    if (status) run.poolStatus = status;
    judge(run, left);
  },
};

/** The same without a new snapshot: each volume keeps the newest one that it has. */
export const pruneAlone: Phase<SnapshotRun> = {
  name: "prune",
  async run(run) {
    const { covered } = required(run.found, "listing");
    judge(run, await removeExpired(run, new Set(covered.map(({ name }) => name))));
  },
};

/**
 * @param ready volumes whose expired snapshots may go
 * @param isAhead whether the run comes back to it, and tells then what is left
 * @returns what could not be removed, with the reason
 */
export async function removeExpired(
  run: SnapshotRun,
  ready: ReadonlySet<string>,
  isAhead = false,
): Promise<Map<string, string>> {
  const found = required(run.found, "listing");
  // Of a volume that is missing, all that is left of it stays.
  const names = [...found.covered.map(({ name }) => name), ...found.missing.map(({ volume }) => volume)];
  const waiting = new Set(names.filter(name => !ready.has(name)));
  const keeping = keepingOf(run);
  const plan = planRemovals(existingSnapshots(run, found), ready, waiting, keeping, run.expired);
  tellPlan(run, plan, keeping.nowMs);
  if (!isAhead) noteLeft(run, plan);
  const over = outlived(found, run.removed, keeping.nowMs);
  for (const { volume, origin } of over)
    run.log.info(
      `${run.dryRun ? "would remove" : "removes"} ${volume.name}: what ${volumeLabel(found.map, origin)} had before a restore, whose time is over`,
    );
  if (run.dryRun) return new Map();
  const origins = new Map(plan.remove.map(({ name, origin }) => [name, origin]));
  return removeAll(
    run.config.vg,
    [...plan.remove.map(({ name }) => name), ...over.map(({ volume }) => volume.name)],
    () => run.stop.check("prune"),
    removed => {
      for (const name of removed) {
        run.removed.add(name);
        const origin = origins.get(name);
        if (origin !== undefined) run.expired.set(origin, (run.expired.get(origin) ?? 0) + 1);
      }
      run.log.progress(`prune: ${run.removed.size} snapshots removed`);
    },
  );
}

/** What volumes had before restores, of long ago. Of a volume that is missing, or that a restore has not ended of, it stays. */
export function outlived(
  { volumes, missing, unfinished }: Pick<Found, "volumes" | "missing" | "unfinished">,
  removed: ReadonlySet<string>,
  nowMs: number,
): BeforeRestore[] {
  const { restored } = unfinished;
  if (restored === "unknown") return [];
  const absent = new Set(missing.map(({ volume }) => volume));
  return beforeRestores(volumes).filter(
    ({ volume, origin, untilMs }) =>
      untilMs < nowMs &&
      !removed.has(volume.name) &&
      !volume.open &&
      !restored.has(volume.name) &&
      !absent.has(origin),
  );
}

function tellPlan(run: SnapshotRun, plan: Removals, nowMs: number): void {
  const { log, dryRun } = run;
  const { map } = required(run.found, "listing");
  for (const { name, origin, madeMs } of plan.remove)
    log.info(
      `${dryRun ? "would remove" : "removes"} ${name}: ${ageText(nowMs - madeMs)} old, of ${volumeLabel(map, origin)}`,
    );
  if (dryRun && plan.remove.length === 0) log.info("nothing would be removed");
}

function noteLeft({ notes }: SnapshotRun, plan: Removals): void {
  if (plan.later > 0)
    notes.push(
      `${plan.later} more snapshots have expired and go in the next runs: one run removes no more than ${mostPerVolume} of a volume`,
    );
  if (plan.busy.length > 0)
    notes.push(`${plan.busy.length} expired snapshots stay while they are in use: ${busyWords(plan.busy)}`);
  if (plan.future.length > 0)
    notes.push(
      `${plan.future.length} snapshots are dated in the future, so the clock went back since; they are kept: ${firstNames(plan.future)}`,
    );
}

function busyWords(snapshots: readonly ExistingSnapshot[]): string {
  return snapshots
    .slice(0, 3)
    .map(({ name, busy }) => `${name} (${busy})`)
    .join(", ");
}

/** @throws {RunnerError} when a volume has no new snapshot or is missing, or an expired one is still there */
function judge(run: SnapshotRun, left: ReadonlyMap<string, string>): void {
  const { failed, created, config } = run;
  const { covered, map, missing, unfinished } = required(run.found, "listing");
  if (failed.size > 0) {
    const [[, reason] = ["", ""]] = failed;
    const names = [...failed.keys()].map(name => ({ name: volumeLabel(map, name) }));
    throw new RunnerError(exitCodes.failed, {
      failed: `no new snapshot of ${failed.size} of ${covered.length} volumes: ${firstNames(names)}: ${reason}`,
      kept: `The other ${created.size} volumes have one. ${keptWords(run)}`,
      next:
        run.records && !hasPlaceFor(1, run.records)
          ? moreRecords(config.vg)
          : shell`systemctl start ${config.job}; journalctl -u ${config.job} -n 50`,
    });
  }
  const [absent] = missing;
  if (absent !== undefined)
    throw new RunnerError(exitCodes.failed, {
      failed: `${missing.length} volumes that were covered are missing: ${firstNames(missing.map(({ volume }) => ({ name: volumeLabel(map, volume) })))}: ${absent.reason}`,
      kept: `${created.size > 0 ? `The other ${created.size} volumes have a new snapshot, and none` : "None"} of a missing one is removed.`,
      next: absent.next,
    });
  if (unfinished.fault) throw unfinished.fault;
  const [first] = left;
  if (first === undefined) return judgeThinning(run);
  throw new RunnerError(exitCodes.failed, {
    failed: `${left.size} expired snapshots can't be removed, first ${first[0]}: ${first[1]}`,
    kept: created.size > 0 ? `All ${created.size} volumes have a new snapshot.` : "All newer ones are kept.",
    next: shell`lvm-pvc-snapshot prune; lvs ${config.vg}`,
  });
}

/** What to type about a volume group in which LVM can record no further volume. */
function moreRecords(vg: string): string {
  return shell`vgs -o vg_mda_size,vg_mda_free,lv_count ${vg}; lvs ${vg}   (remove what nobody needs; or, with a further disk: pvcreate --metadatasize 4m DISK; vgextend ${vg} DISK; then pvchange --metadataignore y for the disks that it had)`;
}

/** @throws {RunnerError} when snapshots went before their time: that history is lost, and the pool stays near its limits */
function judgeThinning(run: SnapshotRun): void {
  const { config, created, thinning } = run;
  const { early } = thinning;
  const over = thinning.seen[0] && overLimit(thinning.seen[0], config.guard.thinOut);
  if (early.length === 0 || !over) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `${early.length} snapshots went before their time, as pool ${config.vg}/${config.pool} had ${percentText(over.percent)} of its ${over.what} in use: ${firstNames(early)}${whyNoMore(run)}`,
    kept: `All ${created.size} volumes have a new snapshot. ${keptWords(run)}`,
    next: makeRoom(run, over.what),
  });
}

const hourMs = 3_600_000;

/** "41 min", "26 h", "8 d". */
export function ageText(ms: number): string {
  if (ms < 0) return `${ageText(-ms)} in the future`;
  if (ms < hourMs) return `${Math.floor(ms / 60_000)} min`;
  return ms < 48 * hourMs ? `${Math.floor(ms / hourMs)} h` : `${Math.floor(ms / (24 * hourMs))} d`;
}
