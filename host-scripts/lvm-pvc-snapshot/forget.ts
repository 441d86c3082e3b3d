import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import { Refusal } from "../runtime/errors";
import { lockFile } from "../runtime/job-run";
import { volumeMap } from "../runtime/kubernetes/volume-map";
import { takeLock } from "../runtime/lock";
import type { Log } from "../runtime/log";
import { readForgotten, writeForgotten } from "../runtime/lvm/forgotten";
import { listVolumes } from "../runtime/lvm/listing";
import { goOnText, unfinishedRestores, unfinishedText } from "../runtime/lvm/restore-record";
import { shell } from "../runtime/shell";
import type { Stop } from "../runtime/stop";
import { lookForMissing } from "./absence";

/** Longest time that another run's lock is waited for. */
const lockMs = 60_000;

/**
 * Takes an operator's word that a volume, which was covered and is not there, is meant to be gone. Its snapshots and copies
 * stay as long as they would.
 * @throws {Refusal} for a volume that is there, that a restore has not ended of, or that nobody misses
 */
export async function forget(
  config: LvmPvcSnapshotConfig,
  volume: string,
  stop: Stop,
  log: Log,
): Promise<void> {
  const { stateDir, vg } = config;
  const lock = await takeLock(lockFile(config), lockMs, stop.signal);
  try {
    const restores = unfinishedRestores(stateDir);
    const record = restores.find(it => it.volume === volume);
    if (record) throw new Refusal(unfinishedText(record), goOnText(record));
    const volumes = await listVolumes(vg, stop.signal);
    if (volumes.some(({ name }) => name === volume))
      throw new Refusal(`${volume} is there, in volume group ${vg}`, shell`lvs ${vg}/${volume}`);
    const known = await volumeMap(config, stop.signal, log, []);
    const { missing } = lookForMissing(config, volumes, known, restores);
    if (!missing.some(it => it.volume === volume))
      throw new Refusal(`no volume ${volume} is missed`, "lvm-pvc-snapshot list");
    writeForgotten(stateDir, readForgotten(stateDir).set(volume, new Date().toISOString()));
    log.info(`${volume} counts as gone from now on; its snapshots and copies stay as long as they would`);
  } finally {
    lock.release();
  }
}
