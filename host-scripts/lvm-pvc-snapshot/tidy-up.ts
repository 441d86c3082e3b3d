import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import { messageOf } from "../runtime/errors";
import type { Log } from "../runtime/log";
import { listVolumes } from "../runtime/lvm/listing";
import { readPool } from "../runtime/lvm/pool-status";
import { mendPool, resumeSuspended } from "../runtime/lvm/unfinished";

/** Longest time that it looks; a change that has begun is never cut short. */
const tidyMs = 60_000;

/**
 * Mends what a killed run left: a half-made snapshot makes every change of the pool fail, Proxmox' own too, so it doesn't
 * wait for the next run. It comes after the report of the end: on a host that hardly answers, it may not come to an end
 * within the unit's time to stop.
 */
export async function tidyUp(config: LvmPvcSnapshotConfig, log: Log): Promise<void> {
  const stop = AbortSignal.timeout(tidyMs);
  try {
    const listed = await listVolumes(config.vg, stop);
    const status = await readPool(config.vg, config.pool, stop);
    const volumes = await mendPool(config, listed, status, stop, log);
    await resumeSuspended(config.vg, volumes, stop, log);
  } catch (error) {
    log.warn(`what the run left can't be looked at; the next run does: ${messageOf(error)}`);
  }
}
