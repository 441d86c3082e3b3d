import { statSync } from "node:fs";
import { refuseUnknown } from "../runtime/accepted";
import { acceptCommand } from "../runtime/arguments";
import { closeDisk } from "../runtime/closed-folder";
import { credentialFile, readCredential } from "../runtime/credentials";
import { proveDisk } from "../runtime/disk-mark";
import { errnoOf, Refusal } from "../runtime/errors";
import { recoverGenerations } from "../runtime/generations";
import { lockFile } from "../runtime/job-run";
import { recover } from "../runtime/journal";
import { takeLock } from "../runtime/lock";
import { verifyMounts } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { journalFolder } from "./promote";
import { type FirewallBackup, rootOf } from "./pfsense-backup";

/** One run at a time; what a killed one left running is ended first. */
export const lock: Phase<FirewallBackup> = {
  name: "lock",
  async run(backup) {
    backup.lock = await takeLock(lockFile(backup.config), 0, backup.stop.signal);
    const { leftovers } = backup.lock;
    if (leftovers.length > 0)
      backup.log.warn(`ended what a killed run had left: process ${leftovers.join(", ")}`);
    recover(journalFolder(backup.config));
  },
};

/** Refuses unless the target is the file system that the config names, and there are keys to ask the firewall with. */
export const verify: Phase<FirewallBackup> = {
  name: "verify",
  async run({ config, stop, lock: held, log, accepted }) {
    refuseUnknown({ accepted }, new Set([config.folder]), {
      none: "isn't this firewall's name",
      next: acceptCommand(config.job, config.folder),
    });
    if (process.getuid?.() !== 0)
      throw new Refusal(
        `user ${process.getuid?.()} can't read the credentials, expected root`,
        shell`sudo systemctl start ${config.job}`,
      );
    await verifyMounts([{ role: "target", access: "write", ...config.target }], stop.signal);
    proveDisk(config, { dryRun: held === undefined, log });
    readCredential(config, config.api.key);
    const key = credentialFile(config, config.ssh.key);
    try {
      statSync(key);
    } catch (error) {
      throw new Refusal(
        `the credential "${config.ssh.key}" can't be read: ${errnoOf(error) ?? String(error)}`,
        shell`ls -l ${config.credentialsDir}; pulumi up puts it there`,
      );
    }
    if (held === undefined) return;
    closeDisk(config.target.path, [rootOf(config)], log);
    const left = recoverGenerations(rootOf(config));
    if (left > 0) log.warn("an earlier run ended early: what it had of a generation is removed");
  },
};
