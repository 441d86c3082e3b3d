import { z } from "zod";
import { run } from "./run";
import { firstLines } from "./tail";

/** What can't be read of one volume; the others go on. */
export class VolumeFailed extends Error {
  constructor(
    readonly reason: string,
    readonly next: string,
  ) {
    super(reason);
    this.name = "VolumeFailed";
  }
}

/**
 * Looks at an ext file system before the host's kernel does.
 * @throws {VolumeFailed} when it isn't whole, or may have lost files
 */
export async function checkFileSystem(device: string, stop: AbortSignal): Promise<void> {
  await judgeSuperblock(device, stop);
  await replayAndCheck(device, stop);
}

/**
 * What its superblock says by itself. A text in there may hold line breaks, and so make lines of its own: any line counts, so that
 * one that is made adds a refusal and hides none.
 */
async function judgeSuperblock(device: string, stop: AbortSignal): Promise<void> {
  const result = await run(["tune2fs", "-l", device], { timeoutMs: 120_000, stop, env: { LC_ALL: "C" } });
  stop.throwIfAborted();
  const { ended, exitCode, stdout, stderr } = result;
  if (ended !== "exited" || exitCode !== 0)
    throw new VolumeFailed(
      `its superblock can't be read, and it isn't mounted: ${firstLines(stderr) || `tune2fs ended with ${exitCode ?? result.signal}`}`,
      "e2fsck -f from its workload, or restore it; the last good copy is kept",
    );
  const lines = stdout.split("\n");
  // e2fsck looks for that journal among all of the host's devices, replays and empties it there: it may be a live volume's.
  if (lines.some(line => /^Journal (UUID|device):/.test(line)))
    throw new VolumeFailed(
      "its journal lies on another device, which isn't touched: a snapshot of this one is no copy without it",
      "tune2fs -O ^has_journal from its workload and then tune2fs -j, or exclude its namespace in the estate and say why",
    );
  // It may have lost files: they would be missing in a copy that looks complete.
  const state = lines.find(line => /^Filesystem state:.*error/.test(line));
  if (state !== undefined)
    throw new VolumeFailed(
      `its file system needs repair (state "${state.replace(/^\S+ state:\s+/, "")}"); the last good copy is kept`,
      "e2fsck -f from its workload, or restore it",
    );
}

/** A check reads all metadata of a volume: as much as the comparison of its files does. */
const checkMs = 2 * 3_600_000;

/**
 * What a tenant has written may be made to harm whoever mounts it, so a
 * program replays the journal and checks all structures, on the throw-away snapshot; what it can't mend by what every crash
 * leaves (an orphan, a count) isn't mounted. With `-n`, nothing is replayed, and a snapshot of a volume in use looks damaged.
 */
async function replayAndCheck(device: string, stop: AbortSignal): Promise<void> {
  const argv = ["e2fsck", "-f", "-p", device] as const;
  const { ended, exitCode, stdout, stderr } = await run([...argv], {
    ...{ timeoutMs: checkMs, stop, env: { LC_ALL: "C" } },
  });
  stop.throwIfAborted();
  // 0: whole; 1: mended; e2fsck(8), "EXIT CODE".
  if (ended === "exited" && (exitCode === 0 || exitCode === 1)) return;
  const words = firstLines(`${stdout}${stderr}`);
  throw new VolumeFailed(
    `its file system is not whole, and isn't mounted: ${ended === "timed-out" ? `e2fsck had no end after ${checkMs / 3_600_000} h` : words}`,
    "e2fsck -f from its workload, or restore it; the last good copy is kept",
  );
}

const probe = z.string().regex(/^TYPE=/);

/** @returns e.g. "ext4", "crypto_LUKS"; undefined when nothing is recognized */
export async function typeOf(device: string, stop: AbortSignal): Promise<string | undefined> {
  const argv = ["blkid", "--probe", "--output", "export", "--match-tag", "TYPE", device] as const;
  const { stdout } = await run([...argv], { timeoutMs: 60_000, stop });
  const line = stdout.split("\n").find(text => probe.safeParse(text).success);
  return line?.slice("TYPE=".length);
}
