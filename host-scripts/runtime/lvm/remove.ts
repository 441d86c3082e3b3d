import { tryLvmChange } from "./command";
import { beforeTag, ownerTag } from "./snapshots";

/** What became of snapshots that were to be removed. */
export interface Removal {
  readonly removed: readonly string[];
  /** Names of those that are still there, with LVM's reason. */
  readonly left: readonly string[];
  readonly reason: string;
}

/** Those of the job, and those that a restore made before it. */
const ours = `tags=${ownerTag} || tags=${beforeTag}`;

/** So many in one command: one costs half a second alone, most of it to begin and to end. */
const removedAtOnce = 16;

/**
 * Removes snapshots of ours by one `lvremove`. It holds to both: a name and our tag, so a snapshot that lost its tag
 * since it was listed stays.
 */
export async function removeSnapshots(vg: string, names: readonly string[]): Promise<Removal> {
  if (names.length === 0) return { removed: [], left: [], reason: "" };
  const paths = names.map(name => `${vg}/${name}`);
  const { stdout, failed } = await tryLvmChange(["lvremove", "-y", "-S", ours, ...paths]);
  const done = new Set(
    [...stdout.matchAll(/Logical volume "([^"]+)" successfully removed/g)].map(([, name]) => name),
  );
  return {
    removed: names.filter(name => done.has(name)),
    left: names.filter(name => !done.has(name)),
    reason: failed?.reason ?? "its tag is gone",
  };
}

/**
 * Removes snapshots of ours, however many.
 * @param before called before each command; it may throw to stop
 * @param after called with the names that a command has removed
 * @returns what could not be removed, with the reason
 */
export async function removeAll(
  vg: string,
  names: readonly string[],
  before: () => void,
  after: (removed: readonly string[]) => void,
): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  for (let from = 0; from < names.length; from += removedAtOnce) {
    before();
    const { removed, left, reason } = await removeSnapshots(vg, names.slice(from, from + removedAtOnce));
    after(removed);
    for (const name of left) failed.set(name, reason);
  }
  return failed;
}
