import { readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";

const folder = "/dev/shm";
/** What the worlds of three test files take at most, measured, and as much again. */
const neededBytes = 2 * 2 ** 30;

/**
 * @returns a folder in this machine's memory where tests may work as on a disk: programs can be started there, files have
 *   attributes of users (tmpfs: since Linux 6.6), and there is room; undefined where there is none
 */
export function memoryFolder() {
  const [, , , options] =
    readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map(line => line.split(" "))
      .findLast(([, place]) => place === folder) ?? [];
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (!options || options.split(",").includes("noexec") || major * 100 + minor < 606) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < neededBytes ? undefined : folder;
}
