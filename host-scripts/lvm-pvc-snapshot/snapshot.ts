import { LvmFailed, lvmChange } from "../runtime/lvm/command";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import { freeSnapshotName, liveVolumes, ownerTag, ownSnapshots } from "../runtime/lvm/snapshots";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { type SnapshotRun, volumeLabel } from "./context";
import { roomFor } from "./guard";

/** A snapshot takes little metadata, what is written after it takes more: the pool is looked at again after so many. */
const lookEvery = 8;

/** One snapshot of each volume; those that have waited longest come first, and one that fails stops no other. */
export const snapshot: Phase<SnapshotRun> = {
  name: "snapshot",
  async run(run) {
    const { covered, volumes } = required(run.found, "listing");
    const ordered = longestWaitingFirst(covered, volumes);
    if (run.dryRun) {
      for (const { name } of ordered) run.log.info(`would make a snapshot of ${label(run, name)}`);
      return;
    }
    const names = new Set(volumes.map(({ name }) => name));
    let turn = 0;
    for (const volume of ordered) {
      run.stop.check("snapshot");
      if (turn > 0 && turn % lookEvery === 0) {
        const declined = await roomFor(run);
        if (declined) {
          const left = ordered.slice(turn);
          for (const { name } of left) run.failed.set(name, declined.failed);
          return;
        }
      }
      turn += 1;
      await snapshotOf(run, volume, names);
      run.log.progress(`snapshot: ${turn} of ${ordered.length} volumes`);
    }
    if (run.failed.size > 0) await secondLook(run, ordered, names);
  },
};

/** By the pool's ids, not by clocks; a volume without a snapshot before all others. */
function longestWaitingFirst(
  covered: readonly LogicalVolume[],
  volumes: readonly LogicalVolume[],
): LogicalVolume[] {
  const own = ownSnapshots(volumes);
  const last = (name: string): number => own.get(name)?.at(-1)?.volume.thinId ?? 0;
  return [...covered].sort((a, b) => last(a.name) - last(b.name) || (a.thinId ?? 0) - (b.thinId ?? 0));
}

async function snapshotOf(run: SnapshotRun, volume: LogicalVolume, names: Set<string>): Promise<void> {
  const { vg } = run.config;
  const origin = volume.name;
  const { name, madeMs } = freeSnapshotName(origin, Date.now(), taken => names.has(taken));
  names.add(name);
  try {
    // Inactive until somebody asks for it: it has no device that a scan of the host could mount or assemble.
    await lvmChange(["lvcreate", "-qq", "-s", "-ky", "--addtag", ownerTag, "-n", name, `${vg}/${origin}`]);
    run.created.set(origin, { name, origin, madeMs, order: newer(run), busy: undefined });
    run.failed.delete(origin);
  } catch (error) {
    if (!(error instanceof LvmFailed)) throw error;
    run.failed.set(origin, error.reason);
    run.log.warn(`no snapshot of ${label(run, origin)}: ${error.reason}`);
  }
}

/** After all that were there before, in the order in which this run makes them. */
function newer({ created }: SnapshotRun): number {
  return 2 ** 32 + created.size;
}

/**
 * What became of volumes that have no new snapshot: one that was deleted meanwhile needs none, one that was renamed is
 * called otherwise, and any other has one more chance.
 */
async function secondLook(
  run: SnapshotRun,
  ordered: readonly LogicalVolume[],
  names: Set<string>,
): Promise<void> {
  const { vg, pool, pattern } = run.config;
  const volumes = await listVolumes(vg, run.stop.signal);
  const live = new Map(liveVolumes(volumes, pool, pattern).map(volume => [volume.uuid, volume]));
  const byName = new Set(volumes.map(({ name }) => name));
  for (const { name, uuid } of ordered.filter(volume => run.failed.has(volume.name))) {
    run.stop.check("snapshot");
    const now = live.get(uuid);
    if (now === undefined && !byName.has(name)) {
      run.failed.delete(name);
      replaceCovered(run, uuid, undefined);
      run.notes.push(`${label(run, name)} was deleted or taken out of the pattern during the run`);
      continue;
    }
    const again = now ?? volumes.find(volume => volume.name === name);
    if (again === undefined) continue;
    if (again.name !== name) {
      run.failed.delete(name);
      replaceCovered(run, uuid, again);
      run.notes.push(`${label(run, name)} was renamed to ${again.name} during the run`);
    }
    await snapshotOf(run, again, names);
  }
}

function replaceCovered(run: SnapshotRun, uuid: string, by: LogicalVolume | undefined): void {
  const found = required(run.found, "listing");
  const covered = found.covered.flatMap(volume => (volume.uuid === uuid ? (by ?? []) : volume));
  run.found = { ...found, covered };
}

function label(run: SnapshotRun, volume: string): string {
  return volumeLabel(required(run.found, "listing").map, volume);
}
