import { randomUUID } from "node:crypto";
import { truncateSync, writeFileSync } from "node:fs";
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
