import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { proveDisk } from "../../runtime/disk-mark";
import { verifyMounts } from "../../runtime/mounts";
import type { WayContext } from "../../runtime/ways";

/** Refuses unless the backup disk is the one that is meant. It may be mounted read-only. */
export async function proveBackupDisk({ config, log, stop }: WayContext<DailyBackupConfig>): Promise<void> {
  await verifyMounts([{ role: "target", access: "read", ...config.target }], stop.signal);
  proveDisk(config, { dryRun: true, log });
}
