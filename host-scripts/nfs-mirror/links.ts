import { rmSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { filesIn } from "../runtime/files-in";
import { linkedNames, renewed, wronglyLinked } from "../runtime/linked-names";
import { withPathList } from "../runtime/path-list";
import { required } from "../runtime/required";
import { type RsyncPass, wholeMetadata } from "../runtime/rsync";
import { belowFoldersOf, inTree, isFolderIn, statIn } from "../runtime/tree-path";
import { besideFrozen, freezeBeside } from "./beside-frozen";
import { frozenIn } from "./held";
import { leftOutPatterns, type Mirror } from "./mirror";
import { lookedAt, placesOf } from "./named";
import { nestedAsides } from "./nested";
import type { Work } from "./work";

/**
 * Gives names of the target that share a file, and have several at the source, files of their own; so it does to what shares one with
 * a name that is kept as it is. After the scan the inodes are in memory: to look at each once more is cheap.
 */
export async function splitLinks(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const { config } = mirror;
  if (!maySplit(mirror)) return undefined;
  const groups = await linkedNames(
    { path: config.target.path, without: withoutAsides(config) },
    search(mirror),
  );
  const replaced = required(mirror.scan, "scan").listed?.replaced;
  const isFrozen = frozenIn(mirror);
  const wrongly = wronglyLinked(config.source.path, groups, name => replaced?.has(name) === true);
  const beside = await besideFrozen(mirror, groups);
  const names = [...new Set([...wrongly.filter(name => !isFrozen(name)), ...beside])];
  if (names.length === 0) return undefined;
  // What has no content has no new file either, unless there is none: a link, a device.
  for (const name of names) removeEmpty(mirror, name);
  const pass = await copyNames(mirror, work, names, [...renewed, "--ignore-missing-args"]);
  freezeBeside(mirror, beside, groups);
  return pass;
}

/** Whether any of what was noted shares a file at the target: a name that isn't noted shares what it did. */
function maySplit(mirror: Mirror): boolean {
  const { changes, config } = mirror;
  if (!changes?.known || changes.whole !== undefined) return true;
  const { path } = config.target;
  const isShared = (name: string): boolean => {
    const stat = statIn(path, name);
    return stat !== undefined && !stat.isDirectory() && stat.nlink > 1n;
  };
  const { paths, subtrees } = placesOf(mirror, lookedAt(mirror, changes.known, changes.debt));
  let isUnread = false;
  for (const name of paths) if (isShared(name)) return true;
  for (const folder of subtrees)
    if (isFolderIn(path, folder))
      for (const name of filesIn(path, folder, () => (isUnread = true))) if (isShared(name)) return true;
  return isUnread;
}

/**
 * Copies listed names with all their metadata, and nothing that lies below them. What lies below a link by now is left out: it
 * could be anywhere on this host.
 */
export async function copyNames(
  mirror: Mirror,
  work: Work,
  names: Iterable<string>,
  more: readonly string[],
): Promise<RsyncPass> {
  const { stateDir, source, target } = mirror.config;
  const [isBelowFolders, isFrozen] = [belowFoldersOf(source.path), frozenIn(mirror)];
  const listed = [...names].filter(name => !isFrozen(name) && isBelowFolders(name));
  return withPathList(stateDir, listed, list =>
    work.rsync([...wholeMetadata, ...list, ...more, "--", "./", `${target.path}/`]),
  );
}

/** Names with all others of their files: rsync links only what it is given together. */
export async function withOtherNames(mirror: Mirror, names: readonly string[]): Promise<Iterable<string>> {
  const { config } = mirror;
  if (!names.some(name => hasOtherNames(mirror, name))) return names;
  const groups = await linkedNames(
    { path: config.source.path, without: withoutAsides(config) },
    search(mirror),
  );
  const all = new Set(names);
  for (const group of groups) if (group.some(name => all.has(name))) for (const name of group) all.add(name);
  return all;
}

/**
 * Says that names which share a file were compared once. From then on they are whenever something changed: a name
 * that gets a file of its own moves the time of its folder.
 */
export function linksCompared(config: NfsMirrorConfig): string {
  return join(config.stateDir, "links-compared");
}

function withoutAsides(config: NfsMirrorConfig): string[] {
  return [...leftOutPatterns(config), ...nestedAsides(config).map(name => name.replace(/[*?[\\]/g, "\\$&"))];
}

function search({ config, stop }: Mirror): { timeoutMs: number; stop: AbortSignal } {
  return { timeoutMs: config.budgetMs, stop: stop.signal };
}

function hasOtherNames({ config }: Mirror, name: string): boolean {
  const stat = statIn(config.source.path, name);
  return stat !== undefined && !stat.isDirectory() && stat.nlink > 1n;
}

function removeEmpty({ config }: Mirror, name: string): void {
  const { path } = config.target;
  if (statIn(path, name)?.isFile() === false && belowFoldersOf(path)(name)) rmSync(inTree(path, name));
}
