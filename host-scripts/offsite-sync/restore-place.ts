import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { ownPrefix } from "../runtime/closed-folder";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { quoted, typable } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";

/** Where something is already, mv -n moves nothing and says nothing. */
function freePath(path: string): string {
  const isTaken = (each: string): boolean => lstatSync(each, { throwIfNoEntry: false }) !== undefined;
  if (!isTaken(path)) return path;
  let number = 2;
  while (isTaken(`${path}-${number}`)) number++;
  return `${path}-${number}`;
}

/** Nothing is overwritten: what is there may be newer than what was sent. */
export function emptyPlace(
  { job }: OffsiteSyncConfig,
  path: string,
  { mount }: OffsiteSyncConfig["legs"][number],
): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const entries = stat?.isDirectory()
    ? readdirSync(path).filter(name => name !== "lost+found" && name !== ".holdfast")
    : [];
  if (stat === undefined || (stat.isDirectory() && entries.length === 0)) return path;
  // What is called so is neither sent nor another job's to delete: a mirror would want to be rid of any other name on its disk.
  const aside = freePath(join(mount.path, `${ownPrefix}-before-${basename(path)}`));
  const beside = shell`${job} restore ${typable(path)} --into /root/restored`;
  throw new Refusal(
    `${quoted(path)} is not empty: ${stat.isDirectory() ? `it has ${entries.length} entries, the first is ${quoted(entries[0] ?? "")}` : "a file is there"}`,
    path === mount.path
      ? beside
      : shell`mv -nT ${path} ${aside}; ${job} restore ${typable(path)}   (no job sends or deletes what is called so; or beside it: ${ready(beside)})`,
  );
}

/** Whether an empty folder went. */
export function isTakenAway(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

export function makePlace(path: string): string {
  if (!existsSync(path))
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new RunnerError(exitCodes.failed, {
        failed: `${quoted(path)} can't be made: ${String(error)}`,
        kept: "Nothing was changed.",
        next: shell`ls -ld ${path}`,
      });
    }
  return path;
}
