import { run } from "./run";
import { firstLines } from "./tail";

/** For a run: long, because it writes back all that the host has not written yet. */
export const longestSyncMs = 30 * 60_000;

/**
 * Has the kernel write all that lies in a file system to its disk: what a disk doesn't take is known to nobody before.
 * @param limits how long that may take; a stop ends the wait
 * @returns what went wrong, in words; undefined when all of it is on the disk
 */
export async function syncFileSystem(
  folder: string,
  limits: { readonly timeoutMs: number; readonly stop: AbortSignal },
): Promise<string | undefined> {
  const result = await run(["sync", "--file-system", folder], { ...limits, env: { LC_ALL: "C" } });
  if (result.ended === "exited" && result.exitCode === 0) return undefined;
  return `sync ended with ${result.ended} ${result.exitCode ?? ""}: ${firstLines(result.stderr)}`;
}
