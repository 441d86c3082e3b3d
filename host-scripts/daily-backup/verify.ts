import { mkdirSync } from "node:fs";
import { proveBackupDisk } from "../runtime/backup-disk";
import { noteWholeSeconds } from "../runtime/whole-seconds";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { refuseUnheardOf } from "./acceptable";
import type { DailyBackup } from "./daily-backup";

/** Refuses unless the backup disk is the file system that the config names, and the disk of earlier runs. */
export const verify: Phase<DailyBackup> = {
  name: "verify",
  async run(run) {
    const { config, dryRun, notes } = run;
    requireRoot(config.job, "read every volume");
    await refuseUnheardOf(run);
    await proveBackupDisk(config, "write", run);
    noteWholeSeconds(config.target, { dryRun, notes });
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};
