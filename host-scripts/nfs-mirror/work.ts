import type { Segment } from "../runtime/journal";
import { required } from "../runtime/required";
import { type RsyncPass, rsync } from "../runtime/rsync";
import type { Mirror } from "./mirror";
import { isNothing } from "./scan";

/** What a run does to the target: each step of it is counted and handed over by name. */
export interface Work {
  readonly counted: { changed: number; deleted: number; bytes: number };
  /** Names what was changed without rsync, byte by byte as latin1. */
  add(name: string, bytes?: number): void;
  /** Runs rsync; the source's root is its working directory. */
  rsync(args: readonly string[]): Promise<RsyncPass>;
}

export function startWork(mirror: Mirror, segment: Segment): Work {
  const { config, stop, log } = mirror;
  const scan = required(mirror.scan, "scan");
  const counted = { changed: 0, deleted: 0, bytes: 0 };
  const tell = (): void =>
    log.progress(
      `copy: ${counted.changed} of ${scan.changes} entries, ${counted.bytes} of ${scan.bytes} bytes; ${counted.deleted} of ${scan.deletions} deleted`,
    );
  return {
    counted,
    add(name, bytes = 0) {
      segment.add(Buffer.from(name, "latin1"));
      counted.bytes += bytes;
    },
    rsync: args =>
      rsync(
        args,
        {
          ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
          inherit: [required(mirror.lock, "lock").fd],
        },
        item => {
          if (isNothing(item)) return;
          segment.add(item.path);
          counted[item.kind === "deleted" ? "deleted" : "changed"] += 1;
          counted.bytes += item.bytes;
          tell();
        },
      ),
  };
}
