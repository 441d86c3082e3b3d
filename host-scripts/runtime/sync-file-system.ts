import { run } from "./run";
import { firstLines } from "./tail";

/** Long, because it writes back all that the host has not written yet; a stop ends the wait. */
const longestSyncMs = 30 * 60_000;

/**
 * Has the kernel write all that lies in a file system to its disk: what a disk doesn't take is known to nobody before.
 * @returns what went wrong, in words; undefined when all of it is on the disk
 */
export async function syncFileSystem(folder: string, stop: AbortSignal): Promise<string | undefined> {
  const result = await run(["sync", "--file-system", folder], {
    ...{ timeoutMs: longestSyncMs, stop, env: { LC_ALL: "C" } },
  });
  if (result.ended === "exited" && result.exitCode === 0) return undefined;
  return `sync ended with ${result.ended} ${result.exitCode ?? ""}: ${firstLines(result.stderr)}`;
}
