import { readdirSync, rmSync } from "node:fs";
import { filesIn } from "../runtime/files-in";
import { type Lacked, type LackedEntry, mostNamed } from "../runtime/rsync-errors";
import { required } from "../runtime/required";
import { listedBefore, type RsyncPass, rsync, wholeMetadata } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { belowFoldersOf, inTree, statIn } from "../runtime/tree-path";
import { isAsDiskKeepsIt } from "../runtime/whole-seconds";
import { databaseOf } from "./companions";
import { ownNames, partedIn, removeNames, withOtherNames } from "./own-names";
import { VolumeFailed } from "../runtime/file-system";

export interface CopyFilesOptions {
  /** Mount point of a snapshot. */
  readonly source: string;
  /** Generation on the disk of `into`, whose files are shared where they are the same. */
  readonly base: string | undefined;
  /** Whether files of the base have several names in it; undefined when nobody looked. */
  readonly baseHasLinks?: boolean | undefined;
  /** Files whose content is not the base's, whatever their sizes and times say. */
  readonly differing?: readonly Buffer[] | undefined;
  /** An empty folder, or what an earlier call without a base had no time to complete. */
  readonly into: string;
  /** Commands that write inherit it. */
  readonly lockFd: number;
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
  /** What somebody accepts as a whole, and an entry is or lies in: more of it than can be named may have no copy. */
  readonly acceptedOf?: (path: Buffer) => Buffer | undefined;
  /** Told of each file whose content is sent. @param bytes of all of them, the one that begins counted */
  readonly onFile?: (files: number, bytes: number) => void;
}

export interface CopiedFiles {
  /**
   * What differs from the base and is no folder, and databases' logs and journals that are gone; undefined without a base,
   * and when it is too much to be listed.
   */
  readonly changed: readonly Buffer[] | undefined;
  /** Files whose content was copied, and not for want of a part of a second alone. */
  readonly content: number;
  readonly bytes: number;
  /** What the copy holds. */
  readonly holds: Holdings;
  /** Files of the base; undefined without one, and when not all of the source could be read. */
  readonly baseFiles: number | undefined;
  /** Those of the base that are there and have its content, or the part of a second of their times alone is another; undefined without one. */
  readonly unchanged: number | undefined;
  /** What could not be read, and is not in the copy. */
  readonly lacked: readonly LackedEntry[];
  /** All files of the source were read. */
  readonly isWhole: boolean;
  /** Whether files of the copy have several names in it; undefined when that isn't known. */
  readonly hasLinks: boolean | undefined;
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
  const { base } = options;
  const copied = await (base === undefined ? copyAll(options) : copyBeside(base, options));
  removeLacked(options, copied.lacked);
  return copied.lacked.length > 0 ? { ...copied, changed: undefined } : copied;
}

/** What a tree that was linked as a whole has of them is the base's. A path that is too long to look at was so for rsync too. */
function removeLacked({ source, into }: CopyFilesOptions, lacked: readonly LackedEntry[]): void {
  const isBelowFolders = belowFoldersOf(into);
  for (const { path, hasMore } of lacked) {
    const name = path.toString("latin1");
    if (!isBelowFolders(name)) continue;
    const stat = statIn(into, name);
    if (hasMore && stat?.isDirectory()) removeOthers(source, into, name);
    else if (stat) rmSync(inTree(into, name), { recursive: true });
  }
}

/** Of what wasn't named one by one, that which the source has otherwise by now. */
function removeOthers(source: string, into: string, folder: string): void {
  for (const name of filesIn(into, folder, () => undefined)) {
    const [copy, original] = [statIn(into, name), statIn(source, name)];
    const isSame =
      original !== undefined &&
      copy?.size === original.size &&
      (copy.mtimeNs === original.mtimeNs || isAsDiskKeepsIt(copy, original));
    if (!isSame) rmSync(inTree(into, name));
  }
}

async function copyAll(options: CopyFilesOptions): Promise<CopiedFiles> {
  const isWhole = readdirSync(options.into).length === 0;
  const { links, ...copied } = await copyInto([], options);
  const hasLinks = isWhole ? links > 0 : undefined;
  return { ...copied, changed: undefined, baseFiles: undefined, unchanged: undefined, isWhole, hasLinks };
}

async function copyBeside(base: string, options: CopyFilesOptions): Promise<CopiedFiles> {
  const { source, into, stop, baseHasLinks, differing = [] } = options;
  const { changed, mayLink, baseFiles, unchanged, links } = await compareWith(base, options);
  const groups = baseHasLinks === false ? [] : await ownNames(base, { timeoutMs: options.timeoutMs, stop });
  const parted = partedIn(source, groups);
  const isLinked = mayLink && (await linkAll(base, options));
  stop.throwIfAborted();
  const beside = isLinked ? undefined : await copyInto([`--link-dest=${base}`], options);
  // Beside the base, rsync would link them again; without it, it copies what is missing. A file goes with all of its names:
  // it would be linked to the one that is left.
  const anew = [
    ...parted,
    ...withOtherNames(
      differing.map(name => name.toString("latin1")),
      groups,
    ),
  ];
  removeNames(into, anew);
  const rest = beside && anew.length === 0 ? undefined : await copyInto([], options, parted);
  return {
    ...sumOf(beside, rest),
    ...{ changed: changed && [...changed, ...differing], baseFiles, unchanged, isWhole: false },
    hasLinks: groups.length > 0 || links > 0,
  };
}

interface Passed extends Pick<CopiedFiles, "content" | "bytes" | "holds" | "lacked"> {
  /** Further names of files that were made. */
  readonly links: number;
}

/** @param apart names whose content is copied for another reason than a change of it */
async function copyInto(
  args: readonly string[],
  options: CopyFilesOptions,
  apart: readonly string[] = [],
): Promise<Passed> {
  const isApart = new Set(apart);
  const isCut = cutBeside(options);
  let content = 0;
  let links = 0;
  // More than can be lacked (rsync-errors.ts): where there are so many, those that weren't read are no matter.
  const counted = new Set<string>();
  const ofAccepted = new Map<string, number>();
  const sent = { files: 0, bytes: 0 };
  const pass = await complete(["--delete", ...args, "--", "./", `${options.into}/`], options, item => {
    if (item.letters.startsWith("h")) links += 1;
    if (!item.letters.startsWith(">")) return;
    const name = item.path.toString("latin1");
    if (!isApart.has(name) && !isCut(name)) {
      content += 1;
      const accepted = options.acceptedOf?.(item.path)?.toString("latin1");
      if (accepted !== undefined) ofAccepted.set(accepted, (ofAccepted.get(accepted) ?? 0) + 1);
      else if (counted.size <= mostNamed) counted.add(name);
    }
    sent.files += 1;
    sent.bytes += item.bytes;
    options.onFile?.(sent.files, sent.bytes);
  });
  const holds = { files: pass.files, bytes: pass.totalBytes };
  // rsync lists a file before it reads it. Of what is accepted as a whole, it isn't known which were read.
  for (const { path } of pass.lacked.entries) if (counted.delete(path.toString("latin1"))) content -= 1;
  const lacking = new Set(
    pass.lacked.entries.map(({ path }) => (options.acceptedOf?.(path) ?? path).toString("latin1")),
  );
  for (const [accepted, files] of ofAccepted) if (lacking.has(accepted)) content -= files;
  return { content, bytes: pass.bytes, holds, lacked: pass.lacked.entries, links };
}

/** Tells files that are sent since the base's disk doesn't keep the part of a second of their times. */
function cutBeside({ base, source, differing = [] }: CopyFilesOptions): (name: string) => boolean {
  if (base === undefined) return () => false;
  const isOther = new Set(differing.map(name => name.toString("latin1")));
  const isBelowFolders = belowFoldersOf(base);
  return name => {
    if (isOther.has(name) || !isBelowFolders(name)) return false;
    const [copy, original] = [statIn(base, name), statIn(source, name)];
    return copy !== undefined && original !== undefined && isAsDiskKeepsIt(copy, original);
  };
}

/** What one or two passes copied, of which the last one has seen all. */
function sumOf(first: Passed | undefined, second: Passed | undefined): Omit<Passed, "links"> {
  const { holds, lacked } = required(second ?? first, "pass");
  const of = (figure: "content" | "bytes"): number => (first?.[figure] ?? 0) + (second?.[figure] ?? 0);
  return { content: of("content"), bytes: of("bytes"), holds, lacked };
}

/** What a copy holds. @param options `source` is the copy; nothing is written */
export async function holdingsOf(options: PassOptions): Promise<Holdings> {
  const { files, totalBytes } = await complete(
    ["--dry-run", "--", "./", `${options.into}/`],
    options,
    () => undefined,
  );
  return { files, bytes: totalBytes };
}

/** How many files of an earlier copy are gone from a later one, or have another content there. @param options `source` is the later one */
export async function lostFiles(earlier: string, options: PassOptions): Promise<number> {
  let lost = 0;
  await complete(["--dry-run", "--delete", "--", "./", `${earlier}/`], options, item => {
    const isOther = item.kind === "changed" && item.letters.startsWith(">f");
    if (isOther || (item.kind === "deleted" && !item.isFolder)) lost += 1;
  });
  return lost;
}

/** Of a source that could be read: files whose copy has other content, and what is no folder and not in it; and what could not be read. */
export interface Differing {
  readonly differing: readonly Buffer[];
  readonly missing: readonly Buffer[];
  readonly lacked: readonly LackedEntry[];
}

/**
 * Compares a source with a copy of it by content: all of both is read.
 * @throws {VolumeFailed} when it isn't known what can't be read
 */
export async function differingFiles(
  options: Omit<CopyFilesOptions, "base"> & { readonly base: string },
): Promise<Differing> {
  const { base, stop } = options;
  const differing: Buffer[] = [];
  const missing: Buffer[] = [];
  const pass = await complete(["--dry-run", "--checksum", "--", "./", `${base}/`], options, item => {
    if (item.kind === "changed" && item.letters.startsWith(">f")) differing.push(item.path);
    if (item.kind === "created" && item.letters[1] !== "d") missing.push(item.path);
  });
  stop.throwIfAborted();
  return { differing, missing, lacked: pass.lacked.entries };
}

/** A search of the whole volume for databases takes no longer than one of so many files, and no memory. */
const mostListed = 100_000;

interface Comparison {
  readonly changed: readonly Buffer[] | undefined;
  /** No file of the base would have to change where it is, in all generations that share it. */
  readonly mayLink: boolean;
  readonly baseFiles: number | undefined;
  readonly unchanged: number;
  /** Further names that files got. */
  readonly links: number;
}

async function compareWith(base: string, options: CopyFilesOptions): Promise<Comparison> {
  let changed: Buffer[] | undefined = [];
  let mayLink = true;
  let deleted = 0;
  let links = 0;
  const differing = new Set(options.differing?.map(name => name.toString("latin1")));
  let others = differing.size;
  const isCut = cutBeside(options);
  const pass = await complete(["--dry-run", "--delete", "--", "./", `${base}/`], options, item => {
    if (item.kind === "deleted" && !item.isFolder) deleted += 1;
    const name = item.path.toString("latin1");
    if (differing.has(name)) others -= item.kind === "created" ? 1 : 0;
    else if (item.kind === "changed" && hasOtherContent(item) && !isCut(name)) others += 1;
    // SQLite commits by removing a journal, and touches nothing else then.
    const isGone = item.kind === "deleted";
    if (isGone ? databaseOf(item.path) === undefined : item.letters[1] === "d") return;
    if (changed && changed.push(item.path) > mostListed) changed = undefined;
    if (isGone) return;
    if (item.letters.startsWith("h")) links += 1;
    if (changesInPlace(item)) mayLink = false;
  });
  // rsync deletes nothing where something can't be read: what it calls the same is all that is known.
  const stayed = pass.files - pass.createdFiles;
  const unchanged = stayed - others;
  if (pass.outcome === "partial")
    return { changed: undefined, mayLink: false, baseFiles: undefined, unchanged, links };
  const baseFiles = stayed + deleted;
  return { changed, mayLink: mayLink && changed !== undefined, baseFiles, unchanged, links };
}

/** Also of a link that leads elsewhere, or a device that is another one. */
function hasOtherContent({ letters }: RsyncItem): boolean {
  return letters.startsWith(">") || (letters.startsWith("c") && letters[1] !== "d");
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

export type PassOptions = Pick<
  CopyFilesOptions,
  "source" | "into" | "lockFd" | "timeoutMs" | "stop" | "acceptedOf"
>;

async function complete(
  args: readonly string[],
  { source, into, lockFd, timeoutMs, stop, acceptedOf }: PassOptions,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const pass = await rsync(
    [...wholeMetadata, listedBefore, ...args],
    { cwd: source, timeoutMs, stop, inherit: [lockFd], ...(acceptedOf && { acceptedOf }) },
    onItem,
  );
  stop.throwIfAborted();
  // Nothing vanishes from a snapshot: 24 is a failure.
  if (pass.outcome !== "complete" && !(pass.outcome === "partial" && isKnown(pass.lacked)))
    throw new VolumeFailed(
      `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
      shell`df -h ${into}; dmesg --level err,warn | tail`,
    );
  return pass;
}

/** All that is missing is named, and lies in the source. */
function isKnown({ entries, unnamed }: Lacked): boolean {
  const isAbsolute = ({ path }: LackedEntry): boolean => path[0] === "/".charCodeAt(0);
  return unnamed.length === 0 && entries.length > 0 && !entries.some(isAbsolute);
}
