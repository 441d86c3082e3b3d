import { mkdirSync, statfsSync } from "node:fs";
import { Refusal } from "../runtime/errors";
import { lockFile } from "../runtime/job-run";
import { takeLock } from "../runtime/lock";
import { verifyMounts } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import type { DailyBackup } from "./daily-backup";

/** One run at a time; what a killed one left running is ended first. */
export const lock: Phase<DailyBackup> = {
  name: "lock",
  async run(run) {
    run.lock = await takeLock(lockFile(run.config), 0, run.stop.signal);
    const { leftovers } = run.lock;
    if (leftovers.length > 0)
      run.log.warn(`ended what a killed run had left: process ${leftovers.join(", ")}`);
  },
};

/** A disk with less has no room for the folders and logs of a night. */
const leastFreeBytes = 64 * 2 ** 20;

/** Refuses unless the backup disk is the file system that the config names. Reads only. */
export const verify: Phase<DailyBackup> = {
  name: "verify",
  async run({ config, stop, dryRun }) {
    if (process.getuid?.() !== 0)
      throw new Refusal(
        `user ${process.getuid?.()} can't read every volume, expected root`,
        `sudo systemctl start ${config.job}`,
      );
    await verifyMounts([{ role: "target", access: "write", ...config.target }], stop.signal);
    const { bavail, bsize } = statfsSync(config.target.path);
    if (bavail * bsize < leastFreeBytes)
      throw new Refusal(
        `target "${config.target.path}" has ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free, at least ${leastFreeBytes / 2 ** 20} are needed`,
        `df -h ${config.target.path}; du -xsh ${config.target.path}/*`,
      );
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};
