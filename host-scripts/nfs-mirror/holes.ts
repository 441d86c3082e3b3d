import { closeSync, fstatSync, linkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { makeClosedFolder } from "../runtime/closed-folder";
import { errnoOf } from "../runtime/errors";
import { copyOpenFile, hasLargeHoles, openPlainFile } from "../runtime/holes";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import type { RsyncPass } from "../runtime/rsync";
import { belowFoldersOf, inTree, makeFoldersAbove, statIn } from "../runtime/tree-path";
import { frozenIn } from "./held";
import { copyNames, withOtherNames } from "./links";
import type { Mirror } from "./mirror";
import { ownFolder } from "./roots";
import type { Work } from "./work";

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

/**
 * Copies those of files that have large holes by what they hold, each once, and gives it all of its names.
 * @param leftMs how long one may take
 * @returns the other ones, and the pass of rsync that sees to the times of their folders
 */
export async function copyAllAroundHoles(
  mirror: Mirror,
  work: Work,
  names: readonly string[],
  leftMs: () => number,
): Promise<{ readonly rest: readonly string[]; readonly pass: RsyncPass | undefined }> {
  const fileOf = (name: string): string => {
    const stat = statIn(mirror.config.source.path, name);
    return `${stat?.dev}:${stat?.ino}`;
  };
  const copied = new Map<string, string>();
  for (const name of names) {
    if (copied.has(fileOf(name))) continue;
    if (await copyAroundHoles(mirror, name, leftMs())) copied.set(fileOf(name), name);
  }
  if (copied.size === 0) return { rest: names, pass: undefined };
  const isFrozen = frozenIn(mirror);
  // To rsync, another name's copy looks the same, and it may link all of them to that one.
  const linked = [...(await withOtherNames(mirror, [...copied.values()]))].filter(name => {
    const first = copied.get(fileOf(name));
    return first === name || (first !== undefined && !isFrozen(name) && giveOtherName(mirror, first, name));
  });
  for (const name of linked) work.add(name);
  const isDone = new Set(linked);
  return {
    rest: names.filter(name => !isDone.has(name)),
    pass: await copyNames(mirror, work, linked, ["--ignore-missing-args"]),
  };
}

/** @returns whether it could be done */
function giveOtherName({ config, log }: Mirror, first: string, name: string): boolean {
  const [part, into] = [partOf(config), inTree(config.target.path, name)];
  if (!belowFoldersOf(config.source.path)(name) || !makeFoldersAbove(config.target.path, name)) return false;
  try {
    linkSync(inTree(config.target.path, first), part);
    renameSync(part, into);
    return true;
  } catch (error) {
    log.warn(`${quoted(into)} is left to rsync: ${String(error)}`);
    return false;
  } finally {
    // Where both were one file already, renaming did nothing.
    rmSync(part, { force: true });
  }
}
