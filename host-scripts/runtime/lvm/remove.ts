import { tryLvmChange } from "./command";
import { ownerTag } from "./snapshots";

/** What became of snapshots that were to be removed. */
export interface Removal {
  readonly removed: readonly string[];
  /** Names of those that are still there, with LVM's reason. */
  readonly left: readonly string[];
  readonly reason: string;
}

/** So many in one command: one costs half a second alone, most of it to begin and to end. */
export const removedAtOnce = 16;

/**
 * Removes snapshots of ours by one `lvremove`. It holds to both: a name and our tag, so a snapshot that lost its tag
 * since it was listed stays.
 */
export async function removeSnapshots(vg: string, names: readonly string[]): Promise<Removal> {
  if (names.length === 0) return { removed: [], left: [], reason: "" };
  const paths = names.map(name => `${vg}/${name}`);
  const { stdout, failed } = await tryLvmChange(["lvremove", "-y", "-S", `tags=${ownerTag}`, ...paths]);
  const done = new Set(
    [...stdout.matchAll(/Logical volume "([^"]+)" successfully removed/g)].map(([, name]) => name),
  );
  return {
    removed: names.filter(name => done.has(name)),
    left: names.filter(name => !done.has(name)),
    reason: failed?.reason ?? "its tag is gone",
  };
}
