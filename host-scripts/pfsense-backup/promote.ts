import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { emptyTrash, expiredGenerations, promote as promoteGeneration, retire } from "../runtime/generations";
import { openSegment } from "../runtime/journal";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { currentPeriod, type FirewallBackup, rootOf } from "./pfsense-backup";

/** Hand-over to the offsite run. */
export function journalFolder({ stateDir }: PfsenseBackupConfig): string {
  return join(stateDir, "journal");
}

/** Both files become visible at once, and are named to the offsite run before. */
export const promote: Phase<FirewallBackup> = {
  name: "promote",
  async run(backup) {
    const { config, stop } = backup;
    const fresh = required(backup.fresh, "generation");
    required(backup.configBytes, "config.xml");
    required(backup.tarBytes, "tar");
    rmSync(join(fresh.folder, ".known_hosts"), { force: true });
    const segment = openSegment(journalFolder(config), "reconcile");
    try {
      segment.add(Buffer.from(relative(config.target.path, fresh.target)));
      await promoteGeneration(fresh, stop.signal);
    } finally {
      segment.promote();
    }
  },
};

/** Removes what the policy no longer keeps, now that there is a newer one. */
export const prune: Phase<FirewallBackup> = {
  name: "prune",
  async run(backup) {
    const { config, dryRun, log, stop } = backup;
    const root = rootOf(config);
    const expired = expiredGenerations(root, ".", config.keep, currentPeriod(backup));
    for (const generation of expired) {
      log.info(`${dryRun ? "would remove" : "removes"} ${generation.folder}`);
      if (!dryRun) retire(root, generation);
    }
    backup.pruned = expired.map(({ period }) => period);
    if (!dryRun) await emptyTrash([root], stop.signal);
  },
};
