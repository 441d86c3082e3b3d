import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { execa } from "execa";

/**
 * Turns a bit of the first block of files below their file system, which is not mounted: no size and no time tells.
 * @param image of an ext4 file system
 */
export async function rotFiles(
  image: string,
  inodes: readonly number[],
  { blockBytes }: { blockBytes: number },
): Promise<void> {
  for (const inode of inodes) {
    const block = (await execa("debugfs", ["-R", `bmap <${inode}> 0`, image])).stdout.trim();
    flip(image, Number(block) * blockBytes);
  }
}

function flip(path: string, at: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
  closeSync(file);
}
