import { closeSync, fstatSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { makeClosedFolder } from "../runtime/closed-folder";
import { errnoOf } from "../runtime/errors";
import { copyOpenFile, hasLargeHoles, openPlainFile } from "../runtime/holes";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { belowFoldersOf, inTree, makeFoldersAbove, statIn } from "../runtime/tree-path";
import type { Mirror } from "./mirror";
import { ownFolder } from "./roots";

/** Where one is written until all of it is there. */
function partOf(config: NfsMirrorConfig): string {
  return join(ownFolder(config), "part");
}

/** What a run that was killed had of one takes the room of all that is to be copied. */
export function dropPart(config: NfsMirrorConfig): void {
  rmSync(partOf(config), { force: true });
}

/**
 * Copies a file with large holes by what it holds. Then rsync
 * finds size and time to be the same, and sees to the rest. A file that was written to meanwhile has another time than
 * the copy, and is copied again.
 * @returns whether it was copied; what wasn't is left to rsync
 */
export async function copyAroundHoles(
  mirror: Mirror,
  name: string,
  timeoutMs = mirror.config.budgetMs,
): Promise<boolean> {
  const { config, stop, log } = mirror;
  const into = inTree(config.target.path, name);
  if (!belowFoldersOf(config.source.path)(name)) return false;
  const file = openPlainFile(inTree(config.source.path, name));
  if (file === undefined) return false;
  const part = partOf(config);
  try {
    if (!hasLargeHoles(fstatSync(file, { bigint: true }))) return false;
    if (!makeFoldersAbove(config.target.path, name)) return false;
    if (statIn(config.target.path, name)?.isFile() === false) return false;
    makeClosedFolder(ownFolder(config));
    const lockFd = required(mirror.lock, "lock").fd;
    const fault = await copyOpenFile(file, part, { timeoutMs, stop: stop.signal, lockFd });
    stop.check("copy");
    if (fault !== undefined) {
      log.warn(`${quoted(into)} is left to rsync: ${fault}`);
      return false;
    }
    renameSync(part, into);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    log.warn(`${quoted(into)} is left to rsync: ${String(error)}`);
    return false;
  } finally {
    closeSync(file);
    rmSync(part, { force: true });
  }
}
