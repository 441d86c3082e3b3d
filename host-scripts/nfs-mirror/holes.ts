import { type BigIntStats, closeSync, constants, fstatSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeClosedFolder } from "../runtime/closed-folder";
import { errnoOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { run } from "../runtime/run";
import { belowFoldersOf, inTree, makeFoldersAbove, statIn } from "../runtime/tree-path";
import type { Mirror } from "./mirror";
import { ownFolder } from "./roots";

/** A file with less than this in holes is read as a whole, as rsync does. */
export const leastHoleBytes = 64 * 1024 * 1024;

/**
 * Copies a file with large holes by what it holds: rsync reads each byte of a hole, which took minutes for 16 GiB. Then rsync
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
  const file = openFile(inTree(config.source.path, name));
  if (file === undefined) return false;
  const part = join(ownFolder(config), "part");
  try {
    if (!hasLargeHoles(fstatSync(file, { bigint: true }))) return false;
    if (!makeFoldersAbove(config.target.path, name)) return false;
    if (statIn(config.target.path, name)?.isFile() === false) return false;
    makeClosedFolder(ownFolder(config));
    // An open file has no name that a program could misread, and is no link that was put in its place.
    const argv = [
      "cp",
      "--dereference",
      "--preserve=all",
      "--sparse=auto",
      "--",
      "/proc/self/fd/4",
      part,
    ] as const;
    const result = await run(argv, {
      ...{ timeoutMs, stop: stop.signal },
      inherit: [required(mirror.lock, "lock").fd, file],
    });
    stop.check("copy");
    if (result.exitCode !== 0) {
      log.warn(
        `${quoted(into)} is left to rsync: cp ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim()}`,
      );
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

export function hasLargeHoles({ size, blocks }: BigIntStats): boolean {
  return size - blocks * 512n >= BigInt(leastHoleBytes);
}

/** What a file takes no room for, where that is much. */
export function holeBytes(stat: BigIntStats | undefined): number {
  return stat && hasLargeHoles(stat) ? Number(stat.size - stat.blocks * 512n) : 0;
}

function openFile(path: Buffer): number | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch {
    // It went, or can't be read: rsync says so.
  }
  return undefined;
}
