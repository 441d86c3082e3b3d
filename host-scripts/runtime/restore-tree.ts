import { mkdirSync, rmSync } from "node:fs";
import { ComparedBehind } from "./compared-behind";
import { exitCodes, RunnerError } from "./errors";
import { roomOf } from "./free-room";
import { takesLess } from "./holes";
import { linkedNames, wronglyLinked } from "./linked-names";
import type { Log } from "./log";
import { entriesOf } from "./open-folder";
import { withNameFilters, withPathList } from "./path-list";
import { quoted, shortened } from "./quoted";
import { listedBefore, rsync, type RsyncPass, wholeMetadata } from "./rsync";
import type { RsyncItem } from "./rsync-items";
import { ready, shell } from "./shell";
import { sizeText } from "./size-text";
import { bringSparseFiles, sameSparseFiles, sparseFiles } from "./sparse-files";
import { holdFileSystem, letFileSystemGo, syncFileSystem } from "./sync-file-system";
import { firstLines } from "./tail";
import { belowFoldersOf, inTree, isFolderIn } from "./tree-path";

export interface RestoreTree {
  /** Folder with the copy. */
  readonly from: string;
  /**
   * It lies on another machine, and `into` has nothing yet: rsync's name of it, and arguments by which it is reached and that take the
   * place of those of a local copy.
   */
  readonly far?: {
    readonly source: string;
    readonly args: readonly string[];
    /** Called once an rsync has ended. */
    readonly onExit: (exitCode: number | null) => void;
  };
  /** Folder that gets it. */
  readonly into: string;
  /** What `into` has and the copy lacks goes; nothing does unless it is said. */
  readonly deletes?: boolean;
  /** Entries at the root of `into` that are never deleted. */
  readonly keeps?: readonly string[];
  /** Entries at the root of `from` that are not copied, nor deleted. */
  readonly leavesOut?: readonly string[];
  /** `into` itself stays as it is, and gets neither owner nor mode of `from`. */
  readonly keepsRoot?: boolean;
  /** Only these of its entries, with all below them, as paths below `from`, byte by byte as latin1. */
  readonly only?: readonly string[];
  /** Folder of the job's own, for lists. */
  readonly stateDir: string;
  /** Commands that write inherit it. */
  readonly lockFd: number;
  readonly log: Log;
  readonly stop: AbortSignal;
}

export interface RestoredTree {
  /** Entries of the copy. */
  readonly entries: number;
  /** Of all its files, holes counted. */
  readonly bytes: number;
}

/**
 * Gives a folder what a copy has: owners, modes, times, ACLs, extended attributes, hard links and holes; then reads both, and
 * compares all of that and each file's content. No link in either of them is followed, nor another file system entered.
 * @throws {RunnerError} when something could not be written, or is not what the copy has
 */
export async function restoreTree(tree: RestoreTree): Promise<RestoredTree> {
  const { into } = tree;
  mkdirSync(tree.stateDir, { recursive: true, mode: 0o700 });
  holdFileSystem(into);
  try {
    return await restored(tree);
  } finally {
    letFileSystemGo(into);
  }
}

async function restored(tree: RestoreTree): Promise<RestoredTree> {
  const { into, deletes, keepsRoot, keeps = [], leavesOut = [], only } = tree;
  const names =
    only ?? (keepsRoot ? entriesOf(tree.from).filter(name => !leavesOut.includes(name)) : undefined);
  const listed = <Result>(
    wanted: readonly string[] | undefined,
    use: (args: readonly string[]) => Promise<Result>,
  ): Promise<Result> =>
    wanted === undefined
      ? use([])
      : tree.far
        ? withNameFilters(tree.stateDir, wanted, use)
        : withPathList(tree.stateDir, wanted, list => use([...list, "--recursive", "--no-implied-dirs"]));
  // With it, rsync asks for each kilobyte to be written by itself, which took a third of a restore.
  let hasHoles = tree.far !== undefined;
  const sparse = tree.far
    ? []
    : sparseFiles(
        tree.from,
        names ?? entriesOf(tree.from).filter(name => !leavesOut.includes(name)),
        stat => (hasHoles ||= takesLess(stat)),
      );
  const how = [
    "--one-file-system",
    ...(hasHoles ? [] : ["--no-sparse"]),
    ...(deletes ? ["--delete"] : []),
    ...keeps.map(name => `--filter=protect /${name}`),
  ];
  const both = async (
    does: string,
    { args = [], content }: { readonly args?: readonly string[]; readonly content: readonly string[] },
    onItem?: (item: RsyncItem) => void,
  ) => {
    const known = await sameSparseFiles(pair, sparse);
    const alone = [...known];
    const others = names?.filter(name => !known.has(name));
    // First, as it may replace names in folders whose times are those of all else.
    const around =
      alone.length > 0
        ? await listed(alone, list => pass(tree, does, [...how, ...args, ...list], { onItem }))
        : { files: 0, totalBytes: 0 };
    const rest = await listed(others, list =>
      pass(tree, does, [...content, ...how, ...args, ...list], { onItem, alone }),
    );
    return {
      ...{ entries: around.files + rest.entries, bytes: around.totalBytes + rest.totalBytes },
      unlike: sparse.flat().filter(name => !known.has(name)),
    };
  };
  if (deletes) await splitNames(tree);
  const pair = { ...tree, timeoutMs: longestMs };
  const hasNothing = tree.far !== undefined || entriesOf(into).every(name => isEmptyOwn(into, name));
  await bringSparseFiles(pair, sparse);
  const byContent = ["--checksum"];
  const behind = new ComparedBehind(tree, tree.stop);
  const compare = async (): Promise<RestoredTree & { readonly other: readonly Other[] }> => {
    const other: Other[] = [];
    // Here its times are enough of a file: those that were sent are compared by content behind the copy, and rsync has read all others
    // that were there before.
    const seen = await both("compared", { args: ["--dry-run"], content: tree.far ? byContent : [] }, item =>
      other.push(item),
    );
    const named = new Set(other.map(({ path }) => path.toString("latin1")));
    const progress = (name: string): void =>
      tree.log.progress(`compares ${shortened(quoted(Buffer.from(name, "latin1")))} by content`);
    for (const name of [...(await behind.others(progress)), ...seen.unlike])
      if (!named.has(name)) other.push({ path: Buffer.from(name, "latin1"), letters: ">fc........" });
    tree.stop.throwIfAborted();
    return { ...seen, other };
  };
  try {
    // A file that rotted or was changed behind its times is one to bring back too. Where there is none, each byte of the copy, holes too,
    // would be read once more for nothing.
    const copied = await both("restored", { content: hasNothing ? [] : byContent }, ({ path, bytes }) => {
      if (!tree.far && bytes > 0) behind.add(path.toString("latin1"));
    });
    const [written, compared] = await Promise.allSettled([writeBack(tree), compare()]);
    if (written.status === "rejected") throw written.reason;
    if (compared.status === "rejected") throw compared.reason;
    const { entries, bytes, other } = compared.value;
    refuseOthers(tree, other);
    return { entries, bytes: Math.max(bytes, copied.bytes) };
  } finally {
    await behind.end();
  }
}

/** What mkfs makes, with nothing in it. */
function isEmptyOwn(root: string, name: string): boolean {
  return name === "lost+found" && isFolderIn(root, name) && entriesOf(inTree(root, name)).length === 0;
}

type Other = Pick<RsyncItem, "path" | "letters">;

/** @throws {RunnerError} where there are any */
function refuseOthers({ into }: RestoreTree, other: readonly Other[]): void {
  const [first] = other;
  if (first)
    throw new RunnerError(exitCodes.failed, {
      failed: `${other.length} entries of ${quoted(into)} are not what the copy has, the first is ${shortened(quoted(first.path))} (${first.letters})`,
      kept: "The copy is as it was.",
      next: lookThenAgain,
    });
}

/** What has come already is refused as a folder to bring it back to. */
const again = ready("the same command again, with a new folder behind --into where there was one");
const lookThenAgain = shell`dmesg --level err,warn | tail   (then ${again})`;
const noRoom = /No space left on device|Disk quota exceeded/;

/**
 * rsync leaves names of one file together where they have the content of several: who writes to one then writes to all, and no owner
 * or mode is that of each. They are removed, and come back as files of their own.
 */
async function splitNames({ from, into, keeps = [], stop }: RestoreTree): Promise<void> {
  const groups = await linkedNames({ path: into, without: keeps }, { timeoutMs: longestMs, stop });
  const isBelowFolders = belowFoldersOf(into);
  for (const name of wronglyLinked(from, groups, () => false))
    if (isBelowFolders(name)) rmSync(inTree(into, name));
}

const longestMs = 7 * 24 * 3_600_000;

interface PassOptions {
  readonly onItem?: ((item: RsyncItem) => void) | undefined;
  /** Names that are left alone on both sides: they have a pass of their own. */
  readonly alone?: readonly string[];
}

async function pass(
  { from, far, into, leavesOut = [], lockFd, log, stop }: RestoreTree,
  does: string,
  args: readonly string[],
  { onItem, alone = [] }: PassOptions,
): Promise<RsyncPass> {
  let count = 0;
  const done = await rsync(
    [...(far?.args ?? wholeMetadata), listedBefore, ...args, "--", far?.source ?? "./", `${into}/`],
    {
      cwd: from,
      timeoutMs: longestMs,
      stop,
      inherit: [lockFd],
      leaveAlone: [...leavesOut, ...alone],
      diesWithRunner: true,
      ...(far && { onExit: far.onExit }),
    },
    item => {
      count += 1;
      log.progress(`${count} entries ${does}, now ${shortened(quoted(item.path))}`);
      onItem?.(item);
    },
  );
  stop.throwIfAborted();
  if (done.outcome === "complete") return done;
  const { free } = roomOf(into);
  const isUnable =
    /xattr|acl/i.test(done.result.stderr) && /Operation not supported/.test(done.result.stderr);
  throw new RunnerError(exitCodes.failed, {
    // Whoever reads that can't look any more: a volume is unmounted by then.
    failed: `rsync ended with ${done.result.exitCode ?? done.result.signal}: ${firstLines(done.result.stderr)}; ${sizeText(free.bytes)} and ${free.inodes} inodes are free there`,
    kept: "The copy is as it was.",
    next: isUnable
      ? shell`findmnt --target ${into}   (it keeps no ACLs or extended attributes, which the copy has: the same with a folder on ext4, xfs, btrfs or zfs)`
      : noRoom.test(done.result.stderr)
        ? shell`df -h ${into}   (make room there; then ${again})`
        : lookThenAgain,
  });
}

/** What is restored is on its disk before anybody is told so. */
async function writeBack({ into, stop }: RestoreTree): Promise<void> {
  const fault = await syncFileSystem(into, { timeoutMs: longestMs, stop });
  stop.throwIfAborted();
  if (fault === undefined) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `what was restored can't be written to disk: ${fault}`,
    kept: "The copy is as it was.",
    next: "dmesg --level err,warn | tail",
  });
}
