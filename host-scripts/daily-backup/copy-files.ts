import { rmSync } from "node:fs";
import { errnoOf } from "../runtime/errors";
import type { Lacked, LackedEntry } from "../runtime/rsync-errors";
import { type RsyncPass, rsync, wholeMetadata } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { run } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { VolumeFailed } from "./scratch";

export interface CopyFilesOptions {
  /** Mount point of a snapshot. */
  readonly source: string;
  /** Complete generation on the disk of `into`, whose files are shared where they are the same. */
  readonly base: string | undefined;
  /** An empty folder. */
  readonly into: string;
  /** Commands that write inherit it. */
  readonly lockFd: number;
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
}

export interface CopiedFiles {
  /** What differs from the base and is no folder; undefined without a base, and when it is too much to be listed. */
  readonly changed: readonly Buffer[] | undefined;
  /** Files whose content was copied. */
  readonly content: number;
  readonly bytes: number;
  /** What the copy holds. */
  readonly holds: Holdings;
  /** Files of the base; undefined without one. */
  readonly baseFiles: number | undefined;
  /** What could not be read, and is not in the copy. */
  readonly lacked: readonly LackedEntry[];
}

/** How much a generation holds: entries that are no folders, and bytes of its files, holes counted. */
export interface Holdings {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Makes `into` a copy of `source` with all metadata. With a base, its tree is first linked as a whole where that can
 * do no harm: `cp --link` names a file by one call, where rsync 3.5 with `--link-dest` opens each folder of the base's
 * path, twice a file, also of one that is there already.
 * What can't be read is left out, and named.
 * @throws {VolumeFailed} when something can't be written, or it isn't known what can't be read
 */
export async function copyFiles(options: CopyFilesOptions): Promise<CopiedFiles> {
  const { base, into, stop } = options;
  const found = base === undefined ? undefined : await compareWith(base, options);
  const isLinked = base !== undefined && found?.mayLink === true && (await linkAll(base, options));
  stop.throwIfAborted();
  let content = 0;
  const link = base === undefined || isLinked ? [] : [`--link-dest=${base}`];
  const pass = await complete(["--delete", ...link, "--", "./", `${into}/`], options, ({ letters }) => {
    if (letters.startsWith(">")) content += 1;
  });
  const holds = { files: pass.files, bytes: pass.totalBytes };
  const lacked = pass.lacked.entries;
  // What a tree that was linked as a whole has of them is the base's.
  for (const { path } of lacked) removeIfThere(join(into, path));
  return {
    ...{ changed: lacked.length > 0 ? undefined : found?.changed, content, bytes: pass.bytes, holds, lacked },
    baseFiles: found?.baseFiles,
  };
}

/** A search of the whole volume for databases takes no longer than one of so many files, and no memory. */
const mostListed = 100_000;

interface Comparison {
  readonly changed: readonly Buffer[] | undefined;
  /** No file of the base would have to change where it is, in all generations that share it. */
  readonly mayLink: boolean;
  readonly baseFiles: number | undefined;
}

async function compareWith(base: string, options: CopyFilesOptions): Promise<Comparison> {
  let changed: Buffer[] | undefined = [];
  let mayLink = true;
  let deleted = 0;
  const pass = await complete(["--dry-run", "--delete", "--", "./", `${base}/`], options, item => {
    if (item.kind === "deleted" && !item.isFolder) deleted += 1;
    if (item.kind === "deleted" || item.letters[1] === "d") return;
    if (changed && changed.push(item.path) > mostListed) changed = undefined;
    if (changesInPlace(item)) mayLink = false;
  });
  // rsync deletes nothing where something can't be read: what it calls the same is all that is known.
  if (pass.outcome === "partial") return { changed: undefined, mayLink: false, baseFiles: undefined };
  const baseFiles = pass.files - pass.createdFiles + deleted;
  return { changed, mayLink: mayLink && changed !== undefined, baseFiles };
}

/** rsync gives new content an inode of its own, but new metadata alone, or a new name, to the inode that is there. */
function changesInPlace({ letters }: RsyncItem): boolean {
  return letters.startsWith(".") || letters.startsWith("h");
}

/** @returns false when something could not be linked, such as a file with too many names: rsync sees to it */
async function linkAll(base: string, { into, lockFd, timeoutMs, stop }: CopyFilesOptions): Promise<boolean> {
  const argv = ["cp", "--archive", "--link", "--no-target-directory", "--", base, into] as const;
  const result = await run(argv, { timeoutMs, stop, inherit: [lockFd] });
  return result.exitCode === 0;
}

async function complete(
  args: readonly string[],
  { source, into, lockFd, timeoutMs, stop }: CopyFilesOptions,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const pass = await rsync(
    [...wholeMetadata, ...args],
    { cwd: source, timeoutMs, stop, inherit: [lockFd] },
    onItem,
  );
  stop.throwIfAborted();
  // Nothing vanishes from a snapshot: 24 is a failure.
  if (pass.outcome !== "complete" && !(pass.outcome === "partial" && isKnown(pass.lacked)))
    throw new VolumeFailed(
      `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
      `df -h ${into}; dmesg --level err,warn | tail`,
    );
  return pass;
}

/** A path that is too long for this call was too long for rsync too. */
function removeIfThere(path: Buffer): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (errnoOf(error) !== "ENAMETOOLONG") throw error;
  }
}

/** All that is missing is named, and lies in the source. */
function isKnown({ entries, unnamed }: Lacked): boolean {
  const isAbsolute = ({ path }: LackedEntry): boolean => path[0] === "/".charCodeAt(0);
  return unnamed.length === 0 && entries.length > 0 && !entries.some(isAbsolute);
}

function join(folder: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), path]);
}
