import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { unmount } from "../runtime/unmount";
import { NotCopied } from "./sqlite-shell";

/** A folder on the disk of the copies, in which they are made under fixed names and get their own when they are proven. */
export interface Workshop {
  readonly folder: string;
  /** Path of the same folder for who may go through no folder above it. */
  readonly seenAt: string;
}

export interface Workshops {
  readonly all: readonly Workshop[];
  close(): Promise<void>;
}

/** Where a run's own mount table has them. The folder stays: another run's table may have a mount there. */
const seenAt = "/run/holdfast-sqlite";
const mountMs = 300_000;

/**
 * All that lies above a copy is root's and closed, so who parses it as another user sees its workshop elsewhere.
 * @param into on the disk of the copies
 * @throws {NotCopied}
 */
export async function openWorkshops(into: string, count: number, stop: AbortSignal): Promise<Workshops> {
  const folder = mkdtempSync(join(into, ".holdfast-work-"));
  const all = Array.from({ length: count }, (_, index) => ({
    folder: join(folder, String(index)),
    seenAt: join(seenAt, String(index)),
  }));
  try {
    for (const open of [folder, ...all.map(one => one.folder)]) {
      mkdirSync(open, { recursive: true });
      chmodSync(open, 0o711);
    }
    mkdirSync(seenAt, { recursive: true, mode: 0o755 });
    const options = "bind,nosuid,nodev,noexec";
    const result = await run(["mount", "-o", options, "--", folder, seenAt], {
      ...{ timeoutMs: mountMs, stop, env: { LC_ALL: "C" } },
    });
    stop.throwIfAborted();
    if (result.exitCode !== 0)
      throw new NotCopied(`its copy can't be shown to sqlite3: ${firstLines(result.stderr)}`);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    all,
    async close() {
      await unmount(seenAt);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
