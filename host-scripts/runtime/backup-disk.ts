import { type MarkedJob, proveMark } from "./disk-mark";
import type { Log } from "./log";
import { type Mounts, type NeededMount, verifyMounts } from "./mounts";
import type { Stop } from "./stop";

/** Who asks: a run, or a command that changes nothing. */
interface Asking {
  readonly stop: Stop;
  readonly log: Log;
  /** Nothing is written then, not even a new disk's mark. */
  readonly dryRun: boolean;
}

/**
 * Proves a backup disk: the file system that the config names is mounted, in a mount table that nobody else changes, and it is
 * the disk that earlier runs of this job wrote to.
 * @param access "read" also for a disk that is mounted read-only
 * @param others that are needed as well
 * @returns all that is mounted
 * @throws {Refusal}
 */
export async function proveBackupDisk(
  config: MarkedJob,
  access: NeededMount["access"],
  { stop, log, dryRun }: Asking,
  others: readonly NeededMount[] = [],
): Promise<Mounts> {
  const target = { role: "target", access, ...config.target };
  const mounts = await verifyMounts([...others, target], stop.signal);
  proveMark(config, { dryRun, log });
  return mounts;
}
