import { ownPrefix } from "../runtime/closed-folder";
import { mountedBelow } from "../runtime/mounts";
import { required } from "../runtime/required";
import { foldersAbove, isFolderIn, statIn } from "../runtime/tree-path";
import type { Known } from "./memory";
import { frozenIn } from "./held";
import { isLeftOut, type Mirror, serviceOf } from "./mirror";
import { nestedAsides } from "./nested";

/** Where a run looks: names below the root, byte by byte as latin1. */
export interface Named {
  /** Each by itself. */
  readonly paths: ReadonlySet<string>;
  /** With all that lies below. */
  readonly subtrees: ReadonlySet<string>;
}

/** What of the names that somebody has noted is the mirror's, each at a place that rsync can look at. */
export function placesOf(mirror: Mirror, noted: Named): Named {
  const { config } = mirror;
  const [isOurs, isFrozen] = [oursOf(mirror), frozenIn(mirror)];
  const [paths, subtrees] = [new Set<string>(), new Set<string>()];
  const add = (name: string, isSubtree: boolean): void => {
    if (!isOurs(name)) return;
    const place = placeOf(config.source.path, name);
    if (isFrozen(place)) return;
    const isWhole = isSubtree || !isFolderIn(config.target.path, place);
    if (place === name && isWhole && isFolderIn(config.source.path, name)) subtrees.add(name);
    // What comes or goes in a folder moves its time, of which nobody is told.
    for (const path of [...foldersAbove(place), place]) paths.add(path);
  };
  for (const name of noted.paths) add(name, false);
  for (const name of noted.subtrees) add(name, true);
  return { paths, subtrees };
}

/** What was noted, and what is looked at though nobody has: what the last run left as it was, and other file systems, which nobody watches. */
export function lookedAt({ config, mounts }: Mirror, { held }: Known, noted: Named): Named {
  const mounted = mountedBelow(config.source.path, required(mounts, "mounts")).keys();
  return {
    paths: noted.paths,
    subtrees: new Set([...noted.subtrees, ...held, ...[...mounted].map(latin1Of)]),
  };
}

/** @returns whether a name is one that is mirrored */
function oursOf({ config }: Mirror): (name: string) => boolean {
  const asides = nestedAsides(config).map(latin1Of);
  return name =>
    name !== "." &&
    !name.startsWith(ownPrefix) &&
    !isLeftOut(config, Buffer.from(serviceOf(name), "latin1").toString()) &&
    !asides.some(aside => name === aside || name.startsWith(`${aside}/`));
}

/** The first folder above a name that is missing, or is none: what lies below it is gone with it. The name itself where there is none. */
function placeOf(root: string, name: string): string {
  return foldersAbove(name).find(folder => statIn(root, folder)?.isDirectory() !== true) ?? name;
}

function latin1Of(path: string): string {
  return Buffer.from(path).toString("latin1");
}
