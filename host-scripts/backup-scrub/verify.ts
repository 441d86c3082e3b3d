import { mkdirSync } from "node:fs";
import { setPriority } from "node:os";
import { closeDisk } from "../runtime/closed-folder";
import { proveDisk } from "../runtime/disk-mark";
import { Refusal } from "../runtime/errors";
import { lockFile } from "../runtime/job-run";
import { takeLock } from "../runtime/lock";
import { verifyMounts } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { run as runCommand } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Scrub } from "./backup-scrub";
import { catalogueFolder } from "./paths";

/** One run at a time; what a killed one left running is ended first. */
export const lock: Phase<Scrub> = {
  name: "lock",
  async run(scrub) {
    scrub.lock = await takeLock(lockFile(scrub.config), 0, scrub.stop.signal);
    const { leftovers } = scrub.lock;
    if (leftovers.length > 0)
      scrub.log.warn(`ended what a killed run had left: process ${leftovers.join(", ")}`);
  },
};

/** Refuses unless the backup disk is the file system that the config names; then steps back behind everybody else. */
export const verify: Phase<Scrub> = {
  name: "verify",
  async run({ config, stop, dryRun, log }) {
    if (process.getuid?.() !== 0)
      throw new Refusal(
        `user ${process.getuid?.()} can't read every copy, expected root`,
        shell`sudo systemctl start ${config.job}`,
      );
    await verifyMounts([{ role: "target", access: "write", ...config.target }], stop.signal);
    proveDisk(config, { dryRun, log });
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
