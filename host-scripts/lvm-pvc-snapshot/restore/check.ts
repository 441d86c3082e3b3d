import { Refusal } from "../../runtime/errors";
import type { LogicalVolume } from "../../runtime/lvm/listing";
import { beforeRestores, liveVolumes, ownSnapshots } from "../../runtime/lvm/snapshots";
import type { Phase } from "../../runtime/phases";
import { places, recordOf, type Restore } from "./context";
import { keptName } from "../../runtime/lvm/restore-record";
import { shell } from "../../runtime/shell";
import { isSwapped } from "./swap";

/** Longest name of a device-mapper device: DM_NAME_LEN of linux/dm-ioctl.h, with its final NUL. */
const longestDeviceName = 127;

/** Refuses what can't end well, before anything is touched. Reads only. */
export const check: Phase<Restore> = {
  name: "check",
  async run(restore) {
    const { lvm, stop, request } = restore;
    restore.volumes = await lvm.list(stop.signal);
    if (!request.dryRun) restore.volumes = await lvm.mend(restore.volumes, stop.signal);
    if (!restore.record) return checkNew(restore);
    const { old, fresh, stranger, snapshot } = places(restore);
    const record = recordOf(restore);
    const next = shell`lvs -a -o lv_name,lv_uuid,origin,lv_tags ${restore.config.vg}`;
    if (stranger)
      throw new Refusal(
        `${record.volume} is neither the old volume (${keptName(record)}) nor one that this restore made: origin ${stranger.origin || "none"}`,
        next,
      );
    if (!old)
      throw new Refusal(
        `the old volume is gone: none has the UUID ${record.old.uuid} of ${record.volume} at ${record.stamp}`,
        next,
      );
    if (request.action === "rollback" || isSwapped(record, { old, fresh, stranger, snapshot })) return;
    if (!snapshot)
      throw new Refusal(
        `the snapshot ${record.snapshot.name} is gone, so the restore can't go on`,
        shell`lvm-pvc-snapshot restore ${record.volume} --rollback`,
      );
    checkPool(restore);
  },
};

function checkNew(restore: Restore): void {
  const { config, request } = restore;
  const { vg, pool, pattern } = config;
  const volume = liveVolumes(restore.volumes, pool, pattern).find(({ name }) => name === request.volume);
  if (!volume) throw notLive(restore);
  const { name } = snapshotOf(restore);
  const device = `${vg}-${keptName({ volume: request.volume, stamp: "20260526T000003Z" })}`;
  if (device.replaceAll("-", "--").length > longestDeviceName)
    throw new Refusal(
      `the name of ${volume.name} is too long to keep the volume under a dated one`,
      shell`lvrename ${vg} ${volume.name} SHORTER`,
    );
  checkPool(restore);
  restore.log.info(`${name} is a snapshot of ${volume.name}, and the pool has room`);
}

/** The snapshot that was asked for. @throws {Refusal} unless it is one of ours, of this very volume */
export function snapshotOf({ request, volumes }: Restore): LogicalVolume {
  const wanted = request.snapshot;
  const all = ownSnapshots(volumes);
  const own = all.get(request.volume) ?? [];
  const found = own.find(({ volume }) => volume.name === wanted);
  if (found) return found.volume;
  const before = beforeRestores(volumes).find(({ volume }) => volume.name === wanted);
  if (before?.origin === request.volume) return before.volume;
  const next = `lvm-pvc-snapshot list`;
  const have =
    own.length > 0
      ? `${request.volume} has ${own.length}, the newest is ${own.at(-1)?.volume.name}`
      : `${request.volume} has none`;
  const other = [...all.values()].flat().find(({ volume }) => volume.name === wanted);
  if (other)
    throw new Refusal(`${wanted} is a snapshot of ${other.origin}, not of ${request.volume}; ${have}`, next);
  if (volumes.some(({ name }) => name === wanted))
    throw new Refusal(`${wanted} is no snapshot of lvm-pvc-snapshot: its tags don't say so; ${have}`, next);
  throw new Refusal(
    `${wanted === undefined ? "no snapshot is named" : `there is no snapshot ${wanted}`}; ${have}`,
    next,
  );
}

function notLive({ request, volumes, config: { vg, pool, pattern } }: Restore): Refusal {
  const there = volumes.find(({ name }) => name === request.volume);
  const kept = volumes.findLast(
    ({ name, tags }) =>
      name.startsWith(keptName({ volume: request.volume, stamp: "" })) && tags.includes("holdfast.kept"),
  );
  if (!there && kept)
    return new Refusal(
      `there is no volume ${request.volume}, but one that was kept of it: ${kept.name}`,
      shell`lvrename ${vg} ${kept.name} ${request.volume} && lvchange --deltag holdfast.kept --deltag holdfast.origin=${request.volume} ${vg}/${request.volume}`,
    );
  return new Refusal(
    there
      ? `${request.volume} is no live volume of the pool ${vg}/${pool} called ${pattern}: pool "${there.pool}", tags "${there.tags.join(",")}"`
      : `there is no volume ${request.volume} in the volume group ${vg}`,
    shell`lvs ${vg}`,
  );
}

/** The guard of the snapshot job: a pool that is this full takes no new snapshot, whose changes would need room. */
function checkPool({ volumes, config: { vg, pool, guard } }: Restore): void {
  const found = volumes.find(({ name }) => name === pool);
  const { dataPercent = 100, metadataPercent = 100 } = found ?? {};
  if (dataPercent >= guard.decline.dataPercent || metadataPercent >= guard.decline.metadataPercent)
    throw new Refusal(
      `the pool ${vg}/${pool} has ${dataPercent} % of its data and ${metadataPercent} % of its metadata in use; no snapshot is made from ${guard.decline.dataPercent} % and ${guard.decline.metadataPercent} % on`,
      shell`lvm-pvc-snapshot prune --dry-run; lvextend --poolmetadatasize +1G ${vg}/${pool}`,
    );
}
