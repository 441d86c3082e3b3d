import { withPathList } from "../runtime/path-list";
import { wholeMetadata } from "../runtime/rsync";
import { shell } from "../runtime/shell";
import { statIn } from "../runtime/tree-path";
import { frozenIn } from "./held";
import { lookBy } from "./look";
import type { Mirror } from "./mirror";

/**
 * Names of the target that share a file with one that is kept as it is, and are to get other metadata alone: rsync gives that to the
 * file that is there, under all of its names.
 * @param ofTarget the names of each file that has several
 */
export async function besideFrozen(
  mirror: Mirror,
  ofTarget: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const { source } = mirror.config;
  const isFrozen = frozenIn(mirror);
  const shared = ofTarget
    .filter(names => names.some(isFrozen))
    .map(names => names.filter(name => !isFrozen(name) && statIn(source.path, name) !== undefined));
  const changes = await changesOf(mirror, shared.flat());
  const isInPlace = (name: string): boolean => changes.get(name)?.startsWith(".") === true;
  // What gets new content has a file of its own by that, and may have to wait.
  return shared
    .filter(names => names.some(isInPlace))
    .flatMap(names => names.filter(name => changes.get(name)?.startsWith(">") !== true));
}

/** What got no file of its own stays as it is, for the sake of the name that is kept. @param ofTarget as above */
export function freezeBeside(
  { held, config: { target } }: Mirror,
  asked: readonly string[],
  ofTarget: readonly (readonly string[])[],
): void {
  const isFrozen = frozenIn({ held: [...held] });
  const isAsked = new Set(asked);
  for (const names of ofTarget) {
    const kept = statIn(target.path, names.find(isFrozen) ?? "");
    for (const path of names.filter(name => isAsked.has(name)))
      if (kept !== undefined && statIn(target.path, path)?.ino === kept.ino)
        held.push({
          path,
          reason: "it shares its file with an entry that is kept as it is, and got none of its own",
          next: shell`df -h ${target.path}; df -i ${target.path}`,
          isFrozen: true,
        });
  }
}

/** What rsync would do to names, in its letters. */
async function changesOf(mirror: Mirror, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { stateDir, target } = mirror.config;
  const changes = new Map<string, string>();
  if (names.length > 0)
    await withPathList(stateDir, names, list =>
      lookBy(
        mirror,
        [...wholeMetadata, "--dry-run", "--ignore-missing-args", ...list, "--", "./", `${target.path}/`],
        ({ letters, path }) => changes.set(path.toString("latin1"), letters),
      ),
    );
  return changes;
}
