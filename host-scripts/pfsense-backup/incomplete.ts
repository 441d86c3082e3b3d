import { linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { writeDurably } from "../runtime/durable";
import {
  freshGeneration,
  type Generation,
  generationsOfAnyKind,
  promote,
  retire,
} from "../runtime/generations";
import { currentPeriod, type FirewallBackup, handOver, rootOf } from "./pfsense-backup";

/** Of generations that have a config.xml and no tar: none takes the place of a whole one, or counts when those are pruned. */
function incompleteRoot(config: PfsenseBackupConfig): string {
  return join(rootOf(config), ".incomplete");
}

/**
 * Keeps a config.xml that is good, whatever becomes of the tar: it is what a firewall is restored from. It lies apart, with
 * a list of what it lacks beside it, until there is a whole generation again.
 */
export async function keepConfig(backup: FirewallBackup, file: string): Promise<void> {
  const { config, stop } = backup;
  const fresh = freshGeneration(rootOf(config), currentPeriod(backup), ".");
  linkSync(file, join(fresh.folder, "config.xml"));
  const target = join(incompleteRoot(config), fresh.period);
  const reason = `no run has made a good one since; journalctl -u ${config.job} says why`;
  const list = [{ path: "full.tar.gz", reason }];
  writeDurably(`${target}.lacks.json`, `${JSON.stringify(list, null, 1)}\n`, 0o600);
  handOver(backup, target);
  await promote({ ...fresh, target }, stop.signal);
  retireIncomplete(backup, target);
}

/** What there is of a firewall that has no newer whole generation, oldest first. */
export function incompleteOf(config: PfsenseBackupConfig): Generation[] {
  return generationsOfAnyKind(incompleteRoot(config), ".");
}

/** Takes away what is incomplete: there is a whole generation again, or a newer one. @param newest stays */
export function retireIncomplete(backup: FirewallBackup, newest?: string): void {
  const { config } = backup;
  for (const generation of incompleteOf(config)) {
    if (generation.folder === newest) continue;
    handOver(backup, generation.folder);
    rmSync(`${generation.folder}.lacks.json`, { force: true });
    retire(rootOf(config), generation);
  }
}

/** What is safe when there is no tar. */
export function keptConfig(config: PfsenseBackupConfig): string {
  return `Tonight's config.xml is good, and in ${incompleteRoot(config)}; the earlier generations are whole.`;
}
