import { statSync } from "node:fs";
import { refuseUnknown } from "../runtime/accepted";
import { acceptCommand } from "../runtime/arguments";
import { closeDisk } from "../runtime/closed-folder";
import { credentialFile, readCredential } from "../runtime/credentials";
import { proveBackupDisk } from "../runtime/backup-disk";
import { refuseStrangers } from "../runtime/mounts";
import { errnoOf, Refusal, RunnerError } from "../runtime/errors";
import { emptyTrash, recoverGenerations } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { shell } from "../runtime/shell";
import { type FirewallBackup, rootOf } from "./pfsense-backup";

/** Refuses unless the target is the file system that the config names, and there are keys to ask the firewall with. */
export const verify: Phase<FirewallBackup> = {
  name: "verify",
  async run({ config, stop, lock: held, log, accepted }) {
    refuseUnknown({ accepted }, new Set([config.folder]), {
      none: "isn't this firewall's name",
      next: acceptCommand(config.job, config.folder),
    });
    requireRoot(config.job, "read the credentials");
    const mounts = await proveBackupDisk(config, "write", { stop, log, dryRun: held === undefined });
    refuseStrangers(config.target, mounts, [rootOf(config)]);
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
    await emptyTrash([rootOf(config)], stop.signal).catch((error: unknown) => {
      if (!(error instanceof RunnerError)) throw error;
      // The last phase fails for it, once the night's work is done.
      log.warn(error.failed);
    });
  },
};
