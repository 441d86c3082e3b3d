import { lstatSync } from "node:fs";
import { join } from "node:path";
import { usualCollapse } from "../../plan/contracts/collapse";
import { acceptCommand } from "../runtime/arguments";
import { withoutAhead } from "../runtime/clock";
import { isLess } from "../runtime/collapse";
import { type Generation, generationsOfAnyKind } from "../runtime/generations";
import { ready, shell } from "../runtime/shell";
import { type FirewallBackup, noBackup, rootOf } from "./pfsense-backup";
import type { FileName } from "./sums";

/** The newest whole generation, of whatever kind; one that a clock which was ahead has dated only where there is no other. */
export function lastWhole({ config }: FirewallBackup): Generation | undefined {
  const madeMs = ({ folder }: Generation): number =>
    lstatSync(join(folder, "config.xml"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const all = generationsOfAnyKind(rootOf(config), ".").sort((one, other) => madeMs(one) - madeMs(other));
  return withoutAhead(all, madeMs).at(-1);
}

/**
 * @param name of one of a generation's files
 * @param last generation to compare it with
 * @param kept what is safe, where it isn't the usual
 * @throws {RunnerError} when the file has lost most of what it had then, until somebody accepts it
 */
export function refuseCollapse(
  backup: FirewallBackup,
  name: FileName,
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
