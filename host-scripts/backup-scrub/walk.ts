import type { BigIntStats, Dirent } from "node:fs";
import { errnoOf, messageOf } from "../runtime/errors";
import { openFolder, type OpenFolder } from "../runtime/open-folder";
import { statAt } from "../runtime/tree-path";
import { type Disk, onDisk } from "./paths";

/** A name of a regular file. */
export interface Found {
  readonly path: string;
  readonly stat: BigIntStats;
}

/** A name that can't be looked at. */
export interface Hidden {
  readonly path: string;
  readonly reason: string;
}

/**
 * Each name of a regular file at or below a path of the disk, on this file system alone. Memory is one open folder a level,
 * however many names there are. What vanishes meanwhile is passed over.
 */
export function* filesBelow(config: Disk, path: string): Generator<Found | Hidden> {
  const top = look(config, path);
  if (!top) return;
  if (!("stat" in top) || top.stat.isFile()) yield top;
  if (!("stat" in top) || !top.stat.isDirectory()) return;
  const open: { readonly path: string; readonly dir: OpenFolder }[] = [];
  const enter = (folder: string): Hidden | undefined => {
    try {
      open.push({ path: folder, dir: openFolder(onDisk(config, folder)) });
    } catch (error) {
      return isGone(error) ? undefined : { path: folder, reason: messageOf(error) };
    }
    return undefined;
  };
  try {
    const fault = enter(path);
    if (fault) yield fault;
    for (let here = open.at(-1); here; here = open.at(-1)) {
      const entry = nextOf(here.dir);
      if (!entry || entry instanceof Error) {
        if (entry) yield { path: here.path, reason: entry.message };
        here.dir.close();
        open.pop();
        continue;
      }
      const found = look(config, `${here.path}/${entry.name.toString("latin1")}`);
      if (!found) continue;
      if (!("stat" in found) || found.stat.isFile()) yield found;
      else if (found.stat.isDirectory() && found.stat.dev === top.stat.dev) {
        const hidden = enter(found.path);
        if (hidden) yield hidden;
      }
    }
  } finally {
    for (const { dir } of open) dir.close();
  }
}

function look(config: Disk, path: string): Found | Hidden | undefined {
  try {
    return { path, stat: statAt(onDisk(config, path)) };
  } catch (error) {
    return isGone(error) ? undefined : { path, reason: messageOf(error) };
  }
}

/** An error for a folder of which the disk doesn't give any more. */
function nextOf(dir: OpenFolder): Dirent<Buffer> | Error | null {
  try {
    return dir.next();
  } catch (error) {
    return new Error(messageOf(error), { cause: error });
  }
}

function isGone(error: unknown): boolean {
  return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
}
