import type { BigIntStats } from "node:fs";

/**
 * First and last second that file systems can keep: ext4 with inodes of 128 bytes and xfs without bigtime have 32 bits, ext4
 * has two more, xfs with bigtime counts nanoseconds in 64. Linux keeps the nearest one in the place of a time beyond
 * (https://docs.kernel.org/filesystems/ext4/inodes.html, "Inode Timestamps"; xfs: fs/xfs/libxfs/xfs_format.h, XFS_BIGTIME_TIME_MAX).
 */
const firstSeconds = [-(2n ** 31n)];
const lastSeconds = [2n ** 31n - 1n, 2n ** 34n - 2n ** 31n - 1n, 16_299_260_424n];

const secondNs = 1_000_000_000n;

/** Whether a copy looks changed for no more than a time that its file system can't keep: there it looks so each night. */
export function isClamped(copy: BigIntStats, original: BigIntStats): boolean {
  if (copy.size !== original.size || copy.mtimeNs % secondNs !== 0n) return false;
  const second = copy.mtimeNs / secondNs;
  return original.mtimeNs > copy.mtimeNs
    ? lastSeconds.includes(second)
    : original.mtimeNs < copy.mtimeNs && firstSeconds.includes(second);
}
