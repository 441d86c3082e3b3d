import { mkdirSync } from "node:fs";
import { proveDisk } from "../runtime/disk-mark";
import { verifyMounts } from "../runtime/mounts";
import { noteWholeSeconds } from "../runtime/whole-seconds";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { refuseUnheardOf } from "./acceptable";
import type { DailyBackup } from "./daily-backup";

/** Refuses unless the backup disk is the file system that the config names, and the disk of earlier runs. */
export const verify: Phase<DailyBackup> = {
  name: "verify",
  async run(run) {
    const { config, stop, dryRun, log, notes } = run;
    requireRoot(config.job, "read every volume");
    await verifyMounts([{ role: "target", access: "write", ...config.target }], stop.signal);
    await refuseUnheardOf(run);
    proveDisk(config, { dryRun, log });
    noteWholeSeconds(config.target, { dryRun, notes });
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};
