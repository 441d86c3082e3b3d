import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { quoted } from "../../runtime/quoted";
import { required } from "../../runtime/required";
import { type RestoredTree, restoreTree } from "../../runtime/restore-tree";
import { belowFoldersOf, foldersAbove, inTree, statIn } from "../../runtime/tree-path";
import type { WayContext } from "../../runtime/ways";
import { companions } from "../companions";
import { findDatabases } from "../sqlite-search";
import { failedFile } from "../sqlite";
import type { KeptCopy } from "./copies";
import { noDatabase } from "./verify-databases";

/** What was put in place, and what could not be. */
export interface RestoredDatabases extends RestoredTree {
  /** Databases that have no copy in their place, with the reason. */
  readonly left: readonly string[];
}

/**
 * Puts copies of databases in the place of a volume's own. A log or journal of another time that lies beside one would be applied to
 * it, and goes first. All else of the volume stays as it is, its folders too.
 * @param volume where the volume is mounted; nothing else uses it
 */
export async function restoreDatabases(
  { folder }: KeptCopy,
  volume: string,
  { config, log, stop, lock }: WayContext<DailyBackupConfig>,
): Promise<RestoredDatabases> {
  const left: string[] = [];
  const names: string[] = [];
  const isBelowFolders = belowFoldersOf(volume);
  // All that a generation of them has is one, but for the job's own list.
  const onOther = (path: Buffer): void => {
    if (path.toString() !== failedFile) left.push(`${quoted(path)}: ${noDatabase}`);
  };
  for await (const found of findDatabases(Buffer.from(folder), stop.signal, onOther)) {
    const name = found.path.toString("latin1");
    if (found.kind === "unreadable")
      left.push(`${quoted(found.path)}: its copy can't be read: ${found.reason}`);
    else {
      makeMissingFolders(folder, volume, name);
      if (isBelowFolders(name)) names.push(name);
      else left.push(`${quoted(found.path)}: a link or a file is in the place of a folder above it`);
    }
  }
  for (const name of names) for (const end of companions) rmSync(inTree(volume, name + end), { force: true });
  const restored = await restoreTree({
    ...{ from: folder, into: volume, only: names, keepsRoot: true, log, stop: stop.signal },
    ...{ stateDir: join(config.stateDir, "restore"), lockFd: required(lock, "lock").fd },
  });
  return { ...restored, left };
}

/** As the copy has them; a folder that is there is the volume's own. */
function makeMissingFolders(folder: string, volume: string, name: string): void {
  for (const above of foldersAbove(name)) {
    if (statIn(volume, above)) continue;
    // Not one by one: below a link, a folder would be made elsewhere.
    if (!belowFoldersOf(volume)(above)) return;
    const { mode, uid, gid } = lstatSync(inTree(folder, above));
    mkdirSync(inTree(volume, above), { mode: 0o700 });
    chownSync(inTree(volume, above), uid, gid);
    chmodSync(inTree(volume, above), mode & 0o7777);
  }
}
