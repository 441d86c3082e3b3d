import { linkSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { writeDurably } from "../runtime/durable";
import { freshGeneration, type Generation, generationsOfAnyKind } from "../runtime/generations";
import { retireOne, reveal } from "../runtime/hand-over";
import { incompleteFolder, lacksEnding } from "../runtime/incomplete";
import { buildOf, currentPeriod, type FirewallBackup, rootOf } from "./pfsense-backup";
import { type FileName, files } from "./sums";

/** Of generations that have one of the files, or each of another night: none takes the place of a whole one, or counts when those are pruned. */
function incompleteRoot(config: PfsenseBackupConfig): string {
  return join(rootOf(config), incompleteFolder);
}

/**
 * Keeps a file of this run that is good, whatever becomes of the other one: a firewall is restored from its config.xml, which is
 * in most tars too. It lies apart, with what an earlier run has kept of the other one and a list of what was no good beside it,
 * until there is a whole generation again.
 */
export async function keepHalf(backup: FirewallBackup, name: FileName): Promise<void> {
  const { config, stop } = backup;
  const fresh = freshGeneration(rootOf(config), currentPeriod(backup), ".");
  linkSync(join(buildOf(backup).folder, name), join(fresh.folder, name));
  for (const other of files.filter(file => file !== name)) {
    const earlier = lastIncompleteWith(config, other);
    if (earlier) linkSync(join(earlier.folder, other), join(fresh.folder, other));
  }
  const target = join(incompleteRoot(config), fresh.period);
  const reason = `no run has made a good one since; journalctl -u ${config.job} says why`;
  const list = files.filter(file => file !== name).map(path => ({ path, reason }));
  writeDurably(`${target}${lacksEnding}`, `${JSON.stringify(list, null, 1)}\n`, 0o600);
  await reveal(backup, { ...fresh, target }, stop.signal);
  retireIncomplete(backup, target);
}

/** What there is of a firewall that has no newer whole generation, oldest first. */
export function incompleteOf(config: PfsenseBackupConfig): Generation[] {
  return generationsOfAnyKind(incompleteRoot(config), ".");
}

/** The newest of those that has a file. */
export function lastIncompleteWith(config: PfsenseBackupConfig, name: FileName): Generation | undefined {
  return incompleteOf(config).findLast(({ folder }) =>
    lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile(),
  );
}

/** Takes away what is incomplete: there is a whole generation again, or a newer one. @param newest stays */
export function retireIncomplete(backup: FirewallBackup, newest?: string): void {
  const { config } = backup;
  for (const generation of incompleteOf(config)) {
    if (generation.folder === newest) continue;
    rmSync(`${generation.folder}${lacksEnding}`, { force: true });
    retireOne(backup, rootOf(config), generation);
  }
}

/** What is safe when the other file is no good. */
export function keptHalf(config: PfsenseBackupConfig, name: FileName): string {
  return `Tonight's ${name === "config.xml" ? name : "tar"} is good, and in ${incompleteRoot(config)}; the earlier generations are whole.`;
}
