import { rmSync } from "node:fs";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { linkedNames, renewed, wronglyLinked } from "../runtime/linked-names";
import { withPathList } from "../runtime/path-list";
import { required } from "../runtime/required";
import { type RsyncPass, wholeMetadata } from "../runtime/rsync";
import { belowFoldersOf, inTree, statIn } from "../runtime/tree-path";
import { frozenIn } from "./held";
import { leftOutPatterns, type Mirror } from "./mirror";
import { nestedAsides } from "./nested";
import type { Work } from "./work";

/**
 * Gives names of the target that share a file, and have several at the source, files of their own. After the scan the inodes
 * are in memory: to look at each once more is cheap.
 */
export async function splitLinks(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const { config } = mirror;
  const groups = await linkedNames(
    { path: config.target.path, without: withoutAsides(config) },
    search(mirror),
  );
  const replaced = required(mirror.scan, "scan").listed?.replaced;
  const isFrozen = frozenIn(mirror);
  const names = wronglyLinked(config.source.path, groups, name => replaced?.has(name) === true).filter(
    name => !isFrozen(name),
  );
  // What has no content has no new file either, unless there is none: a link, a device.
  for (const name of names) removeEmpty(mirror, name);
  return names.length === 0
    ? undefined
    : copyNames(mirror, work, names, [...renewed, "--ignore-missing-args"]);
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
