import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import type { RsyncItem } from "../runtime/rsync-items";
import { statIn } from "../runtime/tree-path";
import { leastHoleBytes } from "../runtime/holes";
import type { Listed, Scan } from "./mirror";

/** Takes down what a scan finds, as long as that isn't too much. */
export function createLists({ mostListed, target }: Pick<NfsMirrorConfig, "mostListed" | "target">): {
  add(item: RsyncItem): void;
  taken(): Pick<Scan, "listed" | "large" | "overwritten">;
} {
  const lists = {
    changed: [] as string[],
    created: [] as string[],
    replaced: new Set<string>(),
    touched: [] as string[],
    deleted: [] as string[],
  };
  const large: { name: string; bytes: number }[] = [];
  let listed: Listed | undefined = lists;
  let overwritten: string[] | undefined = [];
  const list = (name: string, { kind, letters }: RsyncItem): void => {
    if (kind === "deleted") lists.deleted.push(name);
    else {
      lists.changed.push(name);
      if (!letters.startsWith(">f")) return;
      lists.replaced.add(name);
      if (kind === "created") lists.created.push(name);
      else if (letters[2] === "." && letters[3] === "." && letters[4] === "t") lists.touched.push(name);
    }
  };
  return {
    add(item) {
      const name = item.path.toString("latin1");
      if (item.bytes >= leastHoleBytes) large.push({ name, bytes: item.bytes });
      if (isOverwriting(item, target.path) && overwritten?.push(name) === mostListed + 1)
        overwritten = undefined;
      if (!listed) return;
      if (lists.changed.length + lists.deleted.length < mostListed) list(name, item);
      else listed = undefined;
    },
    taken: () => ({ listed, large, overwritten }),
  };
}

/** Whether a file of the target gives way. A link, folder or device that takes a file's place is new to rsync. */
export function isOverwriting({ kind, letters, path }: RsyncItem, target: string): boolean {
  if (kind === "changed") return letters.startsWith(">f");
  return (
    kind === "created" && letters[1] !== "f" && statIn(target, path.toString("latin1"))?.isFile() === true
  );
}
