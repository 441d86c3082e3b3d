import { setPriority } from "node:os";
import { proveBackupDisk } from "../runtime/backup-disk";
import { closeDisk } from "../runtime/closed-folder";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { run as runCommand } from "../runtime/run";
import type { RestoreDrill } from "./restore-drill";
import { clearScratch, proveScratch } from "./scratch";

/** Refuses unless both file systems are those of the config; removes what a killed run left; then steps back behind everybody else. */
export const verify: Phase<RestoreDrill> = {
  name: "verify",
  async run(run) {
    const { config, stop, dryRun, log } = run;
    requireRoot(config.job, "restore other people's files");
    // Its own folder alone is writable in the unit's sandbox.
    const scratch = { role: "scratch", access: "read", ...config.scratch.on } as const;
    await proveBackupDisk(config, "write", run, [scratch]);
    proveScratch(run);
    if (!dryRun) {
      closeDisk(config.target.path, [], log);
      await clearScratch(run);
    }
    // The unit says the same; this is for a run by hand. What it starts inherits both.
    setPriority(19);
    const argv = ["ionice", "--class", "idle", "--pid", String(process.pid)] as const;
    await runCommand(argv, { timeoutMs: 10_000, stop: stop.signal });
  },
};
