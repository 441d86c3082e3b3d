import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import type { RsyncItem } from "../runtime/rsync-items";
import { statIn } from "../runtime/tree-path";
import { isAsDiskKeepsIt } from "../runtime/whole-seconds";
import { type Rewritten, serviceOf } from "./mirror";

/**
 * Counts, service by service, what a scan finds to be replaced. Only what differs is looked at, while rsync looks at the rest,
 * and no name is kept: so it holds also for what is too much for a list.
 */
export function countRewritten({ source, target }: Pick<NfsMirrorConfig, "source" | "target">): {
  add(item: RsyncItem): void;
  taken(): ReadonlyMap<string, Rewritten>;
} {
  const services = new Map<string, Rewritten>();
  return {
    add({ kind, letters, path }) {
      // A link, folder or device that takes a file's place is new to rsync.
      const isReplaced = kind === "created" && letters[1] !== "f";
      if (!isReplaced && (kind !== "changed" || !letters.startsWith(">f"))) return;
      const name = path.toString("latin1");
      const [before, after] = [statIn(target.path, name), statIn(source.path, name)];
      if (before?.isFile() !== true || !after) return;
      if (isAsDiskKeepsIt(before, after)) return;
      const known = services.get(serviceOf(name)) ?? nothing;
      const lost = Math.max(0, Number(before.size - (after.isFile() ? after.size : 0n)));
      services.set(serviceOf(name), {
        files: known.files + 1,
        older: known.older + (before.mtimeNs > after.mtimeNs ? 1 : 0),
        lostBytes: known.lostBytes + lost,
        shrunk: known.shrunk ?? (lost > 0 ? name : undefined),
      });
    },
    taken: () => services,
  };
}

const nothing: Rewritten = { files: 0, older: 0, lostBytes: 0, shrunk: undefined };
