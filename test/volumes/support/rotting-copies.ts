import { mustOnHost, onHost } from "../../../lab/hosts";
import { backupConfig, backupDisk, generation, week } from "./backup";
import { type Ended, host, installUnit, stateDir } from "./unit";

/** A file of each volume's newest copy that can rot, and the scrub that has to see it. */
export interface RottingCopies {
  /** Another byte below the file system: no size and no time tells. */
  rot(volume: string): Promise<void>;
  /** One run of the scrub. @returns the volumes of which it must name the file: it had read it before it rotted */
  scrub(): Promise<{ readonly ended: Ended; readonly rotten: readonly string[] }>;
}

/** Installs the scrub. @param file that each of the volumes has, or hasn't */
export async function createRottingCopies(volumes: readonly string[], file: string): Promise<RottingCopies> {
  const unit = await installUnit("backup-scrub", "backup_scrub");
  await mustOnHost(host, `rm -rf ${stateDir("backup-scrub")}`);
  await unit.configure({
    target: backupConfig().target,
    // It has neither.
    ...{ zone: undefined, credentialsDir: undefined },
    // Shorter than any run: each one reads all of the disk.
    ...{ periodMs: 1, generations: [{ folder: "pvc-data", depth: 2 }], sources: [], accepted: [] },
    writers: [`${stateDir("daily-backup")}/run.lock`],
  });
  /** By inode number and birth: it is another one once the file was copied anew. */
  const rotten = new Set<string>();
  const read = new Map<string, string>();
  const fileOf = async (volume: string): Promise<string> => `${generation(await week(), volume)}/${file}`;
  const inodeOf = async (volume: string): Promise<string> =>
    (await onHost(host, `stat -c '%i %W' ${await fileOf(volume)} 2>/dev/null`)).stdout.trim();
  return {
    async rot(volume) {
      const inode = await inodeOf(volume);
      if (inode === "" || rotten.has(inode)) return;
      await mustOnHost(host, turnBit(inode.split(" ")[0] ?? ""));
      // What rots before it was read is recorded as it is then.
      if (read.get(volume) === inode) rotten.add(inode);
    },
    async scrub() {
      const inodes = new Map<string, string>();
      for (const volume of volumes) inodes.set(volume, await inodeOf(volume));
      const ended = await unit.run();
      for (const [volume, inode] of inodes) read.set(volume, inode);
      return { ended, rotten: [...inodes].filter(([, inode]) => rotten.has(inode)).map(([name]) => name) };
    },
  };
}

function turnBit(inode: string): string {
  return `set -e; disk=$(findmnt -no SOURCE ${backupDisk}); size=$(stat -f -c %S ${backupDisk}); umount ${backupDisk}
at=$(($(debugfs -R 'bmap <${inode}> 0' $disk 2>/dev/null) * size)); byte=$(od -An -tu1 -j $at -N 1 $disk)
printf "\\x$(printf %x $((byte ^ 1)))" | dd of=$disk bs=1 seek=$at conv=notrunc status=none; mount ${backupDisk}`;
}
