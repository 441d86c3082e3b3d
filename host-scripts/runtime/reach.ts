import { closeSync, constants, openSync } from "node:fs";

/** Bytes of the longest path that Linux takes in one call: PATH_MAX without its NUL. */
export const longestPath = 4095;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * Lends a path by which a file is reached, however long its own is: what rsync has made below a folder in which it works may have a
 * path that no call takes as a whole. Such a one leads through a folder that is held open meanwhile.
 * @param use done with it when it returns
 * @throws {Error} of the file system, as a call with the path itself would
 */
export function reach<Result>(path: Buffer, use: (path: Buffer) => Result): Result {
  let [left, above]: [Buffer, number | undefined] = [path, undefined];
  try {
    while (left.length > longestPath) {
      const end = left.lastIndexOf("/", longestPath);
      // A single name of that length: the file system says so itself.
      if (end <= 0) break;
      const next = openSync(left.subarray(0, end), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (above !== undefined) closeSync(above);
      above = next;
      left = Buffer.concat([Buffer.from(`/proc/self/fd/${above}`), left.subarray(end)]);
    }
    return use(left);
  } finally {
    if (above !== undefined) closeSync(above);
  }
}
