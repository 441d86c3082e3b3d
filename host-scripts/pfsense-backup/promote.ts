import { rmSync } from "node:fs";
import { join } from "node:path";
import { emptyTrash, expiredGenerations, promote as promoteGeneration, retire } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { lastWhole, refuseCollapse } from "./collapse";
import { keptConfig, retireIncomplete } from "./incomplete";
import { currentPeriod, type FirewallBackup, handOver, rootOf } from "./pfsense-backup";
import { writeSums } from "./sums";

/** Both files become visible at once, and are named to the offsite run before. */
export const promote: Phase<FirewallBackup> = {
  name: "promote",
  async run(backup) {
    const fresh = required(backup.fresh, "generation");
    required(backup.configBytes, "config.xml");
    required(backup.tarBytes, "tar");
    rmSync(join(fresh.folder, ".known_hosts"), { force: true });
    refuseCollapse(backup, "full.tar.gz", fresh.folder, lastWhole(backup), keptConfig(backup.config));
    writeSums(fresh.folder);
    handOver(backup, fresh.target);
    await promoteGeneration(fresh, backup.stop.signal);
    retireIncomplete(backup);
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
