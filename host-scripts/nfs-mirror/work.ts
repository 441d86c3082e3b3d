import type { Segment } from "../runtime/journal";
import { required } from "../runtime/required";
import { type RsyncPass, rsync } from "../runtime/rsync";
import { statIn } from "../runtime/tree-path";
import { acceptedIn } from "./lacking";
import type { Copied, Mirror } from "./mirror";
import { isNothing } from "./look";

type Counted = Pick<Copied, "changed" | "deleted" | "bytes">;

/** What a run does to the target: each step of it is counted and handed over by name. */
export interface Work {
  /** At least that much is done: of what rsync named before it failed, nothing is known. */
  readonly counted: Counted;
  /** Names what was changed without rsync, byte by byte as latin1. */
  add(name: string, bytes?: number): void;
  /** Runs rsync; the source's root is its working directory. */
  rsync(args: readonly string[], leaveAlone?: readonly string[]): Promise<RsyncPass>;
}

export function startWork(mirror: Mirror, segment: Segment): Work {
  const { config, stop, log } = mirror;
  const scan = required(mirror.scan, "scan");
  const counted = { changed: 0, deleted: 0, bytes: 0 };
  const tell = (pass: Counted): void =>
    log.progress(
      `copy: ${counted.changed + pass.changed} of ${scan.changes} entries, ${counted.bytes + pass.bytes} of ${scan.bytes} bytes; ${counted.deleted + pass.deleted} of ${scan.deletions} deleted`,
    );
  return {
    counted,
    add(name, bytes = 0) {
      segment.add(Buffer.from(name, "latin1"));
      counted.bytes += bytes;
    },
    async rsync(args, leaveAlone = []) {
      const told = { changed: 0, deleted: 0, bytes: 0 };
      const pass = await rsync(
        args,
        {
          ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
          ...{ acceptedOf: acceptedIn(config), leaveAlone },
          inherit: [required(mirror.lock, "lock").fd],
        },
        item => {
          if (isNothing(item)) return;
          segment.add(item.path);
          told[item.kind === "deleted" ? "deleted" : "changed"] += 1;
          told.bytes += item.bytes;
          tell(told);
        },
      );
      const done = doneBy(pass, told, config.source.path);
      counted.changed += done.changed;
      counted.deleted += done.deleted;
      counted.bytes += done.bytes;
      return pass;
    },
  };
}

/** An entry is told before its content is written, and once it is deleted. */
function doneBy({ outcome, lacked }: RsyncPass, told: Counted, source: string): Counted {
  if (outcome === "complete" || outcome === "vanished") return told;
  if (
    outcome !== "partial" ||
    lacked.unnamed.length > 0 ||
    lacked.entries.some(({ hasMore }) => hasMore === true)
  )
    return { ...told, changed: 0, bytes: 0 };
  const sizes = lacked.entries.map(({ path }) => Number(statIn(source, path.toString("latin1"))?.size ?? 0));
  return {
    ...told,
    changed: Math.max(0, told.changed - sizes.length),
    bytes: Math.max(0, told.bytes - sizes.reduce((sum, size) => sum + size, 0)),
  };
}
