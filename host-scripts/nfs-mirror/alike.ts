import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { inTree } from "../runtime/tree-path";

/** Enough to tell a file from what somebody has encrypted. */
const partBytes = 64 * 1024;

/**
 * Finds, among files of one size and time, those that begin and end with the same bytes as another: one that was encrypted in
 * place has size and time of the good copy. Each is read once, and only where there is another; one that can't be read, or is
 * no file by now, is like none.
 */
export function createAlike(
  root: string,
  names: ReadonlyMap<string, readonly string[]>,
): (key: string, other: Buffer) => string[] | undefined {
  const known = new Map<string, Map<string, string[]>>();
  const read = (key: string): Map<string, string[]> => {
    const byEnds = new Map<string, string[]>();
    for (const name of names.get(key) ?? []) {
      const ends = endsOf(inTree(root, name));
      if (ends === undefined) continue;
      const alike = byEnds.get(ends);
      if (alike) alike.push(name);
      else byEnds.set(ends, [name]);
    }
    known.set(key, byEnds);
    return byEnds;
  };
  return (key, other) => {
    const ends = names.has(key) ? endsOf(other) : undefined;
    return ends === undefined ? undefined : (known.get(key) ?? read(key)).get(ends);
  };
}

function endsOf(path: Buffer): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const parts = Buffer.alloc(2 * partBytes);
    readSync(file, parts, 0, partBytes, 0);
    readSync(file, parts, partBytes, partBytes, Math.max(0, stat.size - partBytes));
    return createHash("sha256").update(parts).digest("hex");
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
