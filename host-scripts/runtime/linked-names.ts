import { exitCodes, RunnerError } from "./errors";
import { quoted } from "./quoted";
import { run } from "./run";
import { shell } from "./shell";
import { statIn } from "./tree-path";

export interface SearchedTree {
  readonly path: string;
  /** Entries at its root that are passed over, as patterns of find's `-path`. */
  readonly without: readonly string[];
}

/** @returns for each file of a tree that has several names: these, byte by byte as latin1 */
export async function linkedNames(
  { path, without }: SearchedTree,
  options: { readonly timeoutMs: number; readonly stop: AbortSignal },
): Promise<readonly string[][]> {
  const pruned = without.flatMap(name => ["-path", `./${name}`, "-prune", "-o"]);
  const wanted = ["!", "-type", "d", "-links", "+1", "-printf", "%D:%i\\0%P\\0"];
  const groups = new Map<string, string[]>();
  let rest = "";
  let inode: string | undefined;
  const take = (word: string): void => {
    if (inode === undefined) inode = word;
    else {
      const names = groups.get(inode);
      if (names) names.push(word);
      else groups.set(inode, [word]);
      inode = undefined;
    }
  };
  const result = await run(["find", ".", ...pruned, ...wanted], {
    ...{ ...options, cwd: path, env: { LC_ALL: "C" } },
    onStdout(chunk) {
      const words = (rest + chunk.toString("latin1")).split("\0");
      rest = words.pop() ?? "";
      for (const word of words) take(word);
    },
  });
  options.stop.throwIfAborted();
  // What can't be read is rsync's to tell: find goes on, and ends with 1.
  if (result.ended === "exited" && (result.exitCode ?? 2) <= 1) return [...groups.values()];
  throw new RunnerError(exitCodes.failed, {
    failed: `files with several names can't be listed in ${quoted(path)}: find ended with ${result.exitCode ?? result.signal}`,
    kept: "No file was changed.",
    next: shell`find ${path} -links +1 ! -type d`,
  });
}

/**
 * Names that share a file at the target and have several at the source. rsync doesn't see them: it gives new content a file of
 * its own, but where content is the same it leaves the names together, with the owner and mode of one of them.
 * @param isReplaced whether a name gets a file of its own anyway
 */
export function wronglyLinked(
  source: string,
  ofTarget: readonly (readonly string[])[],
  isReplaced: (name: string) => boolean,
): string[] {
  return ofTarget.flatMap(names => {
    const inodes = new Map<string, string>();
    for (const name of names) {
      const inode = isReplaced(name) ? undefined : inodeOf(source, name);
      if (inode !== undefined) inodes.set(name, inode);
    }
    return new Set(inodes.values()).size > 1 ? [...inodes.keys()] : [];
  });
}

/** rsync's arguments that give each listed name the file that it has at the source: a new one, shared as there. */
export const renewed = ["--ignore-times"] as const;

function inodeOf(root: string, name: string): string | undefined {
  const stat = statIn(root, name);
  return stat && `${stat.dev}:${stat.ino}`;
}
