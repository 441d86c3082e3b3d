import { rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { makeClosedFolder } from "../../runtime/closed-folder";
import { syncFolder } from "../../runtime/durable";
import { exitCodes, RunnerError } from "../../runtime/errors";
import { exchange, moveUnlessTaken } from "../../runtime/exchange";
import { holdFolder } from "../../runtime/held-folder";
import type { Lock } from "../../runtime/lock";
import { quoted } from "../../runtime/quoted";
import { run } from "../../runtime/run";
import { shell } from "../../runtime/shell";
import type { Stop } from "../../runtime/stop";
import { firstLines } from "../../runtime/tail";
import { foldersAbove, inTree, statIn } from "../../runtime/tree-path";
import { dataIn } from "./parts";
import { asideOf, asideRoot, isThere, type RestoreRecord } from "./record";

type Item = RestoreRecord["items"][number];

/** What a restore puts into its own folder has to be the only thing there. Only root gets through it. */
export function makeAside(record: RestoreRecord): string {
  makeClosedFolder(asideRoot(record.root));
  const folder = asideOf(record);
  makeClosedFolder(folder);
  syncFolder(asideRoot(record.root));
  return folder;
}

/**
 * Items by which wanted names get to their places: each name, or the first folder above it that the tree lacks, with what is wanted of
 * it alone.
 * @throws {RunnerError} where something else than a folder is above one
 */
export function itemsOf(root: string, wanted: readonly string[]): Item[] {
  const paths = new Set<string>();
  for (const name of wanted) {
    let path = name;
    for (const folder of foldersAbove(name)) {
      const stat = statIn(root, folder);
      if (stat?.isDirectory() === true) continue;
      if (stat) throw noFolder(root, folder);
      path = folder;
      break;
    }
    paths.add(path);
  }
  return [...paths].map(path => ({ path, isNew: statIn(root, path) === undefined, isGone: false }));
}

/** What changes places; of a file system that comes back as a whole, what the mirror lacks goes. */
export function placesOf(record: RestoreRecord): RestoreRecord["items"] {
  const items = itemsOf(record.root, record.wanted);
  if (!hasOwnRoot(record)) return items;
  const wanted = new Set(record.wanted);
  const gone = dataIn(Buffer.from(record.root)).filter(entry => !wanted.has(entry));
  return [...items, ...gone.map(path => ({ path, isNew: false, isGone: true }))];
}

/** Whether the root of a file system is a part of what comes back: it is a service, or a folder in one. */
export function hasOwnRoot({ below, isAll }: RestoreRecord): boolean {
  return below !== "" && isAll;
}

/** The inodes of what was copied aside: by them a later run knows what has changed places already. */
export function withInodes(record: RestoreRecord): RestoreRecord {
  const items = record.items.flatMap(item => {
    if (item.isGone) return [item];
    const stat = statIn(asideOf(record), item.path);
    return stat ? [{ ...item, inode: String(stat.ino) }] : [];
  });
  return { ...record, items };
}

/**
 * Puts what was copied where it belongs, and what was there aside, each by one atomic step.
 * @param check called before each, to end it by throwing
 */
export async function place(record: RestoreRecord, { fd }: Lock, check: () => void): Promise<void> {
  for (const item of record.items) {
    check();
    await withFolders(record, item, async (live, aside) => {
      if (item.isGone) {
        if (statIn(record.root, item.path)) await moveUnlessTaken(live, aside, fd);
        return;
      }
      if (!isCopy(record, item)) return;
      if (!(await moveUnlessTaken(aside, live, fd))) await exchange(aside, live, fd);
    });
  }
}

/** Puts what was there where it was, and what the restore brought aside. */
export async function takeBack(record: RestoreRecord, { fd }: Lock, check: () => void): Promise<void> {
  for (const item of record.items) {
    check();
    await withFolders(record, item, async (live, aside, isCopyLive) => {
      if (isCopy(record, item)) return;
      if (statIn(asideOf(record), item.path) === undefined) {
        if (item.isGone && statIn(record.root, item.path)) return;
        if (!item.isNew) throw removed(record, aside);
        // What somebody else put there since is theirs.
        if (isCopyLive()) await moveUnlessTaken(live, aside, fd);
      } else if (!(await moveUnlessTaken(aside, live, fd))) await exchange(aside, live, fd);
    });
  }
}

/** Whether what lies aside is what was copied. */
function isCopy(record: RestoreRecord, { path, inode }: Item): boolean {
  return String(statIn(asideOf(record), path)?.ino) === inode;
}

/** @param act is given both places of an item; the folder above the live one is held open, so that no link leads elsewhere */
async function withFolders(
  record: RestoreRecord,
  item: Item,
  act: (live: Buffer, aside: Buffer, isCopyLive: () => boolean) => Promise<void>,
): Promise<void> {
  const { root } = record;
  const above = parentOf(item.path);
  const folder = holdFolder(root, above);
  if (!folder) throw noFolder(root, above);
  try {
    const base = item.path.slice(above === "" ? 0 : above.length + 1);
    const aside = inTree(asideOf(record), item.path);
    await act(inTree(folder.path, base), aside, () => String(statIn(folder.path, base)?.ino) === item.inode);
    // What is in its place is there before what was there could go.
    syncFolder(folder.path);
    for (const name of ["", above]) syncFolder(inTree(asideOf(record), name));
  } finally {
    folder.close();
  }
}

function removed({ root }: RestoreRecord, aside: Buffer): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(aside)}, which was there before the restore, is gone: somebody removed it`,
    kept: "What the restore brought is in its place.",
    next: shell`ls -la ${root} ${dirname(aside.toString())}`,
  });
}

function parentOf(path: string): string {
  return foldersAbove(path).at(-1) ?? "";
}

function noFolder(root: string, name: string): RunnerError {
  const path = inTree(root, name);
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(path)} is no folder, and what comes back belongs below it`,
    kept: "What is there is untouched.",
    next: shell`ls -ld ${path}   (move it away, then the same command again)`,
  });
}

/** Removes a restore's own folder. */
export async function removeAside(
  record: RestoreRecord,
  { stop, lock }: { readonly stop: Stop; readonly lock: Lock },
): Promise<void> {
  const folder = asideOf(record);
  if (isThere(folder)) {
    const argv = ["rm", "-rf", "--one-file-system", "--", folder] as const;
    const result = await run([...argv], {
      ...{ timeoutMs: longestRemovalMs, stop: stop.signal, env: { LC_ALL: "C" } },
      // What a killed one goes on removing could be in its place by then.
      inherit: [lock.fd],
    });
    if (result.exitCode !== 0)
      throw new RunnerError(exitCodes.failed, {
        failed: `what a restore had copied can't be removed: ${firstLines(result.stderr) || result.ended}`,
        kept: "What was there before is in its place.",
        next: shell`rm -rf --one-file-system -- ${folder}`,
      });
  }
  try {
    // The last one takes the folder of all of them with it.
    rmdirSync(dirname(folder));
  } catch {
    // Another restore's is there.
  }
}

const longestRemovalMs = 24 * 3_600_000;
