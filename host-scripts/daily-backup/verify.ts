import { mkdirSync } from "node:fs";
import { proveBackupDisk } from "../runtime/backup-disk";
import { refuseStrangers } from "../runtime/mounts";
import { noteWholeSeconds } from "../runtime/whole-seconds";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { refuseUnheardOf } from "./acceptable";
import { type DailyBackup, rootOf } from "./daily-backup";

/** Refuses unless the backup disk is the file system that the config names, and the disk of earlier runs. */
export const verify: Phase<DailyBackup> = {
  name: "verify",
  async run(run) {
    const { config, dryRun, notes } = run;
    requireRoot(config.job, "read every volume");
    await refuseUnheardOf(run);
    const mounts = await proveBackupDisk(config, "write", run);
    const folders = (["pvc-data", "sqlite-backup", "pve-config"] as const).map(name => rootOf(config, name));
    refuseStrangers(config.target, mounts, folders);
    noteWholeSeconds(config.target, { dryRun, notes });
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};
