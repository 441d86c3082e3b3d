import { lstatSync } from "node:fs";
import { join } from "node:path";
import { usualCollapse } from "../../plan/contracts/collapse";
import { isLess } from "../runtime/collapse";
import { filesIn } from "../runtime/files-in";
import { inTree, statAt } from "../runtime/tree-path";
import { quoted } from "../runtime/quoted";

/** A part of a host's configuration: a path that is kept, and where it leads to if it is a link. */
export interface Part {
  readonly path: string;
  readonly behind: readonly string[];
  /** By the estate. A path of the fixed list may shrink as it likes, such as LVM's archive, and not lose all that it has. */
  readonly isListed: boolean;
}

/**
 * Whether the host lost most of a part of its configuration since a generation was made: a cluster's file system that has
 * no guests any more, a folder that was emptied by mistake.
 * @param before `files` of the last generation
 * @param now the same of the one that is being made
 * @returns what is wrong, in words; undefined when nothing is
 */
export function configurationCollapse(
  before: string,
  now: string,
  parts: readonly Part[],
): string | undefined {
  for (const { path, behind, isListed } of parts) {
    const had = holdingsOf(before, [path, ...behind]);
    const has = holdingsOf(now, [path, ...behind]);
    const leastPercent = isListed ? usualCollapse.leastPercent : 0;
    if (isLess(has.files, had.files, leastPercent))
      return `${quoted(path)} holds ${has.files} files, in the last generation ${had.files}`;
    if (isLess(has.bytes, had.bytes, leastPercent))
      return `the files of ${quoted(path)} have ${has.bytes} bytes, in the last generation ${had.bytes}`;
  }
  return undefined;
}

interface Holdings {
  files: number;
  bytes: number;
}

function holdingsOf(root: string, paths: readonly string[]): Holdings {
  const holds: Holdings = { files: 0, bytes: 0 };
  for (const path of paths) {
    const top = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (!top) continue;
    const name = Buffer.from(path.replace(/^\/+/, "")).toString("latin1");
    for (const file of top.isDirectory() ? filesIn(root, name) : [name]) {
      const stat = statAt(inTree(root, file));
      if (!stat.isFile()) continue;
      holds.files += 1;
      holds.bytes += Number(stat.size);
    }
  }
  return holds;
}
