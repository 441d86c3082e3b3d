import { closeSync, constants, openSync } from "node:fs";
import { run } from "./run";
import { firstLines } from "./tail";

/** For a run: long, because it writes back all that the host has not written yet. */
export const longestSyncMs = 30 * 60_000;

/** Numbers of syncfs(2) by Node's name of the machine; Linux, arch/x86/entry/syscalls and asm-generic/unistd.h. */
const numbers: Readonly<Record<string, number>> = { x64: 306, arm64: 267 };

const program = "syscall($ARGV[0] + 0, 3) == 0 or print STDERR qq(syncfs: $!) and exit 1";

const held = new Map<string, number>();

/**
 * Is called before the first write below a folder. That a disk didn't take something the kernel tells whoever had the file system open
 * then, and of others the first who asks: opened at the end, it would be told to another job that writes to the same disk, and not to this one.
 */
export function holdFileSystem(folder: string): void {
  if (!held.has(folder)) held.set(folder, opened(folder));
}

/** While it is held, no file system is unmounted. */
export function letFileSystemGo(folder: string): void {
  const file = held.get(folder);
  if (file === undefined) return;
  held.delete(folder);
  closeSync(file);
}

function opened(folder: string): number {
  return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
}

/**
 * Has the kernel write all that lies in a file system to its disk: what a disk doesn't take is known to nobody before. sync(1) opens
 * it anew, so perl does it.
 * @param limits how long that may take; a stop ends the wait
 * @returns what went wrong since the folder was held, in words; undefined when all of it is on the disk
 */
export async function syncFileSystem(
  folder: string,
  limits: { readonly timeoutMs: number; readonly stop: AbortSignal },
): Promise<string | undefined> {
  const number = numbers[process.arch];
  if (number === undefined) return `no system call is known for ${process.arch}`;
  const isHeld = held.has(folder);
  try {
    holdFileSystem(folder);
    const argv = ["perl", "-e", program, String(number), folder] as const;
    const inherit = [held.get(folder) ?? -1];
    const result = await run(argv, { ...limits, inherit, env: { LC_ALL: "C" } });
    if (result.ended === "exited" && result.exitCode === 0) return undefined;
    return `syncfs ended with ${result.ended} ${result.exitCode ?? ""}: ${firstLines(result.stderr)}`;
  } finally {
    if (!isHeld) letFileSystemGo(folder);
  }
}
