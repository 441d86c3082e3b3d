import { mkdirSync } from "node:fs";
import { proveDisk } from "../runtime/disk-mark";
import { Refusal } from "../runtime/errors";
import { lockFile } from "../runtime/job-run";
import { takeLock } from "../runtime/lock";
import { verifyMounts } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { noteWholeSeconds } from "../runtime/whole-seconds";
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

/** Refuses unless the backup disk is the file system that the config names, and the disk of earlier runs. */
export const verify: Phase<DailyBackup> = {
  name: "verify",
  async run({ config, stop, dryRun, log, notes }) {
    if (process.getuid?.() !== 0)
      throw new Refusal(
        `user ${process.getuid?.()} can't read every volume, expected root`,
        shell`sudo systemctl start ${config.job}`,
      );
    await verifyMounts([{ role: "target", access: "write", ...config.target }], stop.signal);
    proveDisk(config, { dryRun, log });
    noteWholeSeconds(config.target, { dryRun, notes });
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};
