import { lstatSync } from "node:fs";
import { join } from "node:path";
import { usualCollapse } from "../../plan/contracts/collapse";
import { acceptCommand } from "../runtime/arguments";
import { isLess } from "../runtime/collapse";
import { type Generation, generationsOf } from "../runtime/generations";
import { ready, shell } from "../runtime/shell";
import { currentPeriod, type FirewallBackup, noBackup, rootOf } from "./pfsense-backup";

/** The newest whole generation that a run of now may follow. */
export function lastWhole(backup: FirewallBackup): Generation | undefined {
  const { config } = backup;
  return generationsOf(rootOf(config), ".", config.keep.every)
    .filter(({ period }) => period <= currentPeriod(backup))
    .at(-1);
}

/**
 * @param name of one of a generation's files
 * @param last generation to compare it with
 * @param kept what is safe, where it isn't the usual
 * @throws {RunnerError} when the file has lost most of what it had then, until somebody accepts it
 */
export function refuseCollapse(
  backup: FirewallBackup,
  name: "config.xml" | "full.tar.gz",
  folder: string,
  last: Generation | undefined,
  kept?: string,
): void {
  const { config, accepted, notes } = backup;
  if (!last) return;
  const now = bytesOf(join(folder, name));
  const before = bytesOf(join(last.folder, name));
  if (!isLess(now, before, usualCollapse.leastPercent)) return;
  const collapse = `the firewall's ${name} has ${now} bytes, that of ${last.period} ${before}`;
  if (!accepted.has(config.folder))
    throw noBackup(
      `${collapse}: ${name === "config.xml" ? "is it at its factory settings?" : "were files removed from it, or paths from the estate?"}`,
      shell`ls -la ${last.folder}   (look at the firewall; if it is meant to be so: ${ready(acceptCommand(config.job, config.folder))})`,
      kept,
    );
  notes.push(`${collapse}, which is accepted`);
}

/** @returns 0 also for what isn't there */
function bytesOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
