import { mkdirSync } from "node:fs";
import { setPriority } from "node:os";
import { closeDisk } from "../runtime/closed-folder";
import { proveBackupDisk } from "../runtime/backup-disk";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { run as runCommand } from "../runtime/run";
import type { Scrub } from "./backup-scrub";
import { catalogueFolder } from "./paths";

/** Refuses unless the backup disk is the file system that the config names; then steps back behind everybody else. */
export const verify: Phase<Scrub> = {
  name: "verify",
  async run(run) {
    const { config, stop, dryRun, log } = run;
    requireRoot(config.job, "read every copy");
    await proveBackupDisk(config, "write", run);
    if (!dryRun) {
      closeDisk(config.target.path, [], log);
      mkdirSync(catalogueFolder(config), { recursive: true, mode: 0o700 });
    }
    // The unit says the same; this is for a run by hand.
    setPriority(19);
    const argv = ["ionice", "--class", "idle", "--pid", String(process.pid)] as const;
    await runCommand(argv, { timeoutMs: 10_000, stop: stop.signal });
  },
};
