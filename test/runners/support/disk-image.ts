import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** Makes a file that is an ext4 file system. @param options of mke2fs @returns its UUID */
export async function makeDiskImage(
  image: string,
  megabytes: number,
  options: readonly string[] = [],
): Promise<string> {
  const uuid = randomUUID();
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1024 * 1024);
  await execa("mkfs.ext4", ["-q", "-U", uuid, ...options, image]);
  return uuid;
}

/**
 * Damages the block of a file system that says where a file's content lies: the file is there, and can't be read.
 * @param image that is mounted nowhere
 * @param name of a file in pieces, below the root of the file system
 */
export async function damageFile(image: string, name: string, blockBytes: number): Promise<void> {
  const extents = (await execa("debugfs", ["-R", `dump_extents -n /${name}`, image])).stdout;
  const [, leaf] = extents.match(/^ *0\/ *\d+ +\d+\/ *\d+ +\d+ - +\d+ +(\d+)/m) ?? [];
  if (leaf === undefined) throw new Error(`${name} is in too few pieces: ${extents}`);
  const file = openSync(image, "r+");
  writeSync(file, Buffer.alloc(16, 0xff), 0, 16, Number(leaf) * blockBytes);
  closeSync(file);
}

/**
 * Mounts an ext4 file system that says to have 64 MiB, and whose disk takes no more than 8.
 * @param inside runs a program where mounts are nobody else's
 * @returns where
 */
export async function mountLiar(
  inside: (program: string, ...args: string[]) => Promise<unknown>,
  folder: string,
): Promise<string> {
  const [small, into] = [join(folder, "small"), join(folder, "into")] as const;
  for (const path of [small, into]) mkdirSync(path);
  await inside("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small);
  const format = "-q -b 4096 -N 1024 -O ^has_journal -E lazy_itable_init=0,nodiscard";
  await inside("mkfs.ext4", ...format.split(" "), join(small, "image"), "64M");
  await inside("mount", "-o", "loop,nosuid,nodev", join(small, "image"), into);
  return into;
}
