import { type BigIntStats, statSync, utimesSync } from "node:fs";
import { isClamped } from "./clamped-time";
import { markFile } from "./disk-mark";
import { errnoOf } from "./errors";
import type { ExpectedMount } from "./mounts";
import { quoted } from "./quoted";
import { shell } from "./shell";

/**
 * Tells of a backup disk that keeps times in whole seconds, as ext file systems do whose inodes have 128 bytes: files of which
 * the source has a part of a second look changed each night. Compared by seconds they would be spared, and one that is written
 * twice in a second too. What is copied there is good, so that a refusal would take more than it gives.
 * @param target the disk, whose mark is proven
 */
export function noteWholeSeconds(
  target: ExpectedMount,
  { dryRun, notes }: { readonly dryRun: boolean; readonly notes: string[] },
): void {
  const mark = markFile(target.path);
  if (!isOfWholeSecond(mark)) return;
  if (!dryRun) {
    // It may be from before the disk was given larger inodes.
    const now = new Date();
    utimesSync(mark, now, now);
    if (!isOfWholeSecond(mark)) return;
  }
  const device = `/dev/disk/by-uuid/${target.fsUuid}`;
  const mend = shell`umount ${target.path}; e2fsck -f -p ${device}; tune2fs -I 256 ${device}; mount ${target.path}`;
  notes.push(
    `the backup disk ${quoted(target.path)} keeps times in whole seconds, so that most files are copied anew each night and its generations share little. Its inodes have 128 bytes; for larger ones: ${mend}   (where tune2fs says that flex_bg is in its way, only a new file system has them: mke2fs -t ext4 -I 256)`,
  );
}

/** @returns false also where no mark is yet */
function isOfWholeSecond(file: string): boolean {
  try {
    return hasWholeSeconds(statSync(file, { bigint: true }));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** By the time that only the kernel sets. */
function hasWholeSeconds({ ctimeNs }: BigIntStats): boolean {
  return ctimeNs % secondNs === 0n;
}

/** Whether a copy looks changed for no more than what its disk keeps of a time: there it looks so each night. */
export function isAsDiskKeepsIt(copy: BigIntStats, original: BigIntStats): boolean {
  return isCutToSeconds(copy, original) || isClamped(copy, original);
}

/**
 * Whether that is so for no more than the part of a second that its disk doesn't keep: there it looks so each night. Its
 * own time tells it, which also a disk has of files that it got while its inodes were smaller.
 */
function isCutToSeconds(copy: BigIntStats, original: BigIntStats): boolean {
  return (
    hasWholeSeconds(copy) &&
    copy.size === original.size &&
    copy.mtimeNs === original.mtimeNs - (original.mtimeNs % secondNs)
  );
}

const secondNs = 1_000_000_000n;
