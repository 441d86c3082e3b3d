import { lstat } from "node:fs";
import { errnoOf } from "../runtime/errors";
import { longestPath } from "../runtime/reach";
import { inTree, statAt } from "../runtime/tree-path";

/** More at once than Node has threads for: none of them waits for this one. */
const atOnce = 16;

/**
 * Those of some names below a folder that are there. Each may wait for a disk that has to look, so several are asked at
 * once; rsync, which looks next, finds what it needs in memory. What can't be looked at is there: why it isn't sent is rsync's to tell.
 */
export async function presentIn(root: string, names: readonly string[]): Promise<Set<string>> {
  const present = new Set<string>();
  let next = 0;
  const look = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++])
      if (!(await isGone(inTree(root, name)))) present.add(name);
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  return present;
}

/** Also where a folder above it is none any more. */
async function isGone(path: Buffer): Promise<boolean> {
  const isMissing = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");
  if (path.length <= longestPath)
    return new Promise(resolve => lstat(path, error => resolve(error !== null && isMissing(error))));
  try {
    statAt(path);
    return false;
  } catch (error) {
    return isMissing(error);
  }
}
