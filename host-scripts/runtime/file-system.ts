import { z } from "zod";
import { lvm } from "./lvm/command";
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

/** A file system that remembers an error may have lost files: they would be missing in a copy that looks complete. */
export async function refuseErrors(device: string, stop: AbortSignal): Promise<void> {
  const { stdout } = await lvm(["tune2fs", "-l", device], stop);
  const state = /^Filesystem state:\s+(.*)$/m.exec(stdout)?.[1] ?? "unknown";
  if (/error/.test(state))
    throw new VolumeFailed(
      `its file system needs repair (state "${state}"); the last good copy is kept`,
      "e2fsck -f from its workload, or restore it",
    );
}

/** A check reads all metadata of a volume: as much as the comparison of its files does. */
const checkMs = 2 * 3_600_000;

/**
 * Looks at a file system before the host's kernel does. What a tenant has written may be made to harm whoever mounts it, so a
 * program replays the journal and checks all structures, on the throw-away snapshot; what it can't mend by what every crash
 * leaves (an orphan, a count) isn't mounted. With `-n`, nothing is replayed, and a snapshot of a volume in use looks damaged.
 * @throws {VolumeFailed} when it isn't whole
 */
export async function replayAndCheck(device: string, stop: AbortSignal): Promise<void> {
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
