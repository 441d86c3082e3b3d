import { lstatSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { usualCollapse } from "../../plan/contracts/collapse";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { acceptCommand } from "../runtime/arguments";
import { isLess } from "../runtime/collapse";
import {
  emptyTrash,
  expiredGenerations,
  generationsOf,
  promote as promoteGeneration,
  retire,
} from "../runtime/generations";
import { openSegment } from "../runtime/journal";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { currentPeriod, type FirewallBackup, noBackup, rootOf } from "./pfsense-backup";

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
    refuseCollapse(backup, fresh.folder);
    const segment = openSegment(journalFolder(config), "reconcile");
    try {
      segment.add(Buffer.from(relative(config.target.path, fresh.target)));
      await promoteGeneration(fresh, stop.signal);
    } finally {
      segment.promote();
    }
  },
};

/** @throws {RunnerError} when a file has lost most of what the last generation has: a firewall at its factory settings */
function refuseCollapse(backup: FirewallBackup, folder: string): void {
  const { config, accepted, notes } = backup;
  const begun = generationsOf(rootOf(config), ".", config.keep.every).filter(
    ({ period }) => period <= currentPeriod(backup),
  );
  const last = begun.at(-1);
  if (!last) return;
  for (const name of ["config.xml", "full.tar.gz"]) {
    const now = bytesOf(join(folder, name));
    const before = bytesOf(join(last.folder, name));
    if (!isLess(now, before, usualCollapse.leastPercent)) continue;
    const collapse = `the firewall's ${name} has ${now} bytes, that of ${last.period} ${before}`;
    if (!accepted.has(config.folder))
      throw noBackup(
        `${collapse}: ${name === "config.xml" ? "is it at its factory settings?" : "were files removed from it, or paths from the estate?"}`,
        shell`look at the firewall; if it is meant to be so: ${ready(acceptCommand(config.job, config.folder))}`,
      );
    notes.push(`${collapse}, which is accepted`);
  }
}

/** @returns 0 also for what isn't there */
function bytesOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

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
