import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import { messageOf } from "../runtime/errors";
import { lockFile } from "../runtime/job-run";
import { endLeftovers } from "../runtime/lock";
import type { Log } from "../runtime/log";
import { listVolumes } from "../runtime/lvm/listing";
import { readPool } from "../runtime/lvm/pool-status";
import { mendPool, resumeSuspended } from "../runtime/lvm/unfinished";
import type { RunState } from "../runtime/run-state";

/** Longest time for it: the end is reported after it, within the unit's time to stop. */
const tidyMs = 60_000;

/**
 * Mends what a killed run left: a half-made snapshot makes every change of the pool fail, Proxmox' own too, so it doesn't
 * wait for the next run. After an end that the run has reported there is nothing to mend.
 */
export async function tidyUp(config: LvmPvcSnapshotConfig, state: RunState, log: Log): Promise<void> {
  if (state.readRunning() === undefined) return;
  const leftovers = endLeftovers(lockFile(config));
  if (leftovers.length > 0) log.warn(`ended what the run had left: process ${leftovers.join(", ")}`);
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
