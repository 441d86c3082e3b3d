import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { emptyTrash, expiredGenerations, type Generation, generationsOf } from "../runtime/generations";
import { retireOne, reveal } from "../runtime/hand-over";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { keepUnremoved } from "../runtime/unremoved";
import { lastWhole, refuseCollapse } from "./collapse";
import { keptHalf, retireIncomplete } from "./incomplete";
import { currentPeriod, type FirewallBackup, rootOf } from "./pfsense-backup";
import { writeSums } from "./sums";

/** Both files become visible at once, and are named to the offsite run before. */
export const promote: Phase<FirewallBackup> = {
  name: "promote",
  async run(backup) {
    const fresh = required(backup.fresh, "generation");
    required(backup.configBytes, "config.xml");
    required(backup.tarBytes, "tar");
    rmSync(join(fresh.folder, ".known_hosts"), { force: true });
    refuseCollapse(
      backup,
      "full.tar.gz",
      fresh.folder,
      lastWhole(backup),
      keptHalf(backup.config, "config.xml"),
    );
    writeSums(fresh.folder);
    await reveal(backup, fresh, backup.stop.signal);
    retireIncomplete(backup);
  },
};

/** Those of a kind of period that the estate no longer asks for go once there are as many of the other kind as are kept. */
function formerGenerations(config: PfsenseBackupConfig): Generation[] {
  const { every, count } = config.keep;
  const root = rootOf(config);
  if (generationsOf(root, ".", every).length < count) return [];
  return generationsOf(root, ".", every === "day" ? "week" : "day");
}

/** Removes what the policy no longer keeps, now that there is a newer one. */
export const prune: Phase<FirewallBackup> = {
  name: "prune",
  async run(backup) {
    const { config, dryRun, log, stop } = backup;
    const root = rootOf(config);
    const expired = [
      ...formerGenerations(config),
      ...expiredGenerations(root, ".", config.keep, currentPeriod(backup)),
    ];
    for (const generation of expired) {
      log.info(`${dryRun ? "would remove" : "removes"} ${generation.folder}`);
      if (!dryRun) retireOne(backup, root, generation);
    }
    backup.pruned = expired.map(({ period }) => period);
    if (dryRun) return;
    await emptyTrash([root], stop.signal).catch((error: unknown) => keepUnremoved(backup, error));
  },
};
