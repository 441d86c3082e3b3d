import { statfsSync } from "node:fs";

export interface Room {
  readonly bytes: number;
  /** How many entries it can hold; without end where the file system counts none, as btrfs does. */
  readonly inodes: number;
}

/** What a file system has left for others than root, and what it has in all. */
export function roomOf(path: string): {
  readonly free: Room;
  readonly all: Room;
  readonly blockBytes: number;
} {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(path);
  const counted = (inodes: number): number => (files === 0 ? Infinity : inodes);
  return {
    free: { bytes: bavail * bsize, inodes: counted(ffree) },
    all: { bytes: blocks * bsize, inodes: counted(files) },
    blockBytes: bsize,
  };
}
