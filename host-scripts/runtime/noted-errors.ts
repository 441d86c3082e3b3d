import { readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";

/**
 * Errors that ext4 has found in itself since it was checked last; each look at the same damage finds it again. Without checksums
 * of its own it shows a damaged folder as far as it is good, and who lists it gets no error.
 * @returns 0 also of a file system that keeps no count
 */
export function notedErrors(mountPoint: string): number {
  try {
    const device = readlinkSync(`/sys/dev/block/${numbersOf(statSync(mountPoint, { bigint: true }).dev)}`);
    return Number(readFileSync(`/sys/fs/ext4/${basename(device)}/errors_count`, "utf8"));
  } catch {
    return 0;
  }
}

/** As the kernel writes a device number, e.g. "253:1"; makedev(3). */
function numbersOf(dev: bigint): string {
  const major = ((dev >> 32n) & 0xfffff000n) | ((dev >> 8n) & 0xfffn);
  const minor = ((dev >> 12n) & 0xffffff00n) | (dev & 0xffn);
  return `${major}:${minor}`;
}
