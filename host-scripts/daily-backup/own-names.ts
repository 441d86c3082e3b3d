import { unlinkSync } from "node:fs";
import { exitCodes, RunnerError } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { run, type RunOptions } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { belowFoldersOf, inTree, statIn } from "../runtime/tree-path";

/** Names of one file in a generation, byte by byte as latin1. */
export type OwnNames = readonly string[];

/**
 * Files of a generation that have several names in it, each with all of its names. Nearly all of its files have names in other
 * generations too: so names are kept in memory only of files that were met twice.
 */
export async function ownNames(generation: string, options: Search): Promise<OwnNames[]> {
  const seen = new Set<string>();
  const several = new Set<string>();
  await search(generation, ["%i"], options, ([inode = ""]) => {
    if (seen.has(inode)) several.add(inode);
    seen.add(inode);
  });
  if (several.size === 0) return [];
  const names = new Map<string, string[]>();
  await search(generation, ["%i", "%P"], options, ([inode = "", name = ""]) => {
    if (!several.has(inode)) return;
    const known = names.get(inode);
    if (known) known.push(name);
    else names.set(inode, [name]);
  });
  return [...names.values()];
}

/**
 * Names of files that are several files in the source: they parted there, or one of them was made anew. rsync keeps them one
 * file, with the owner and mode of one of them, for as long as their content and times are the same.
 */
export function partedIn(source: string, groups: readonly OwnNames[]): string[] {
  const isBelow = belowFoldersOf(source);
  const fileOf = (name: string): string[] => {
    const stat = isBelow(name) ? statIn(source, name) : undefined;
    return stat && !stat.isDirectory() ? [`${stat.dev}-${stat.ino}`] : [];
  };
  return groups.filter(names => new Set(names.flatMap(fileOf)).size > 1).flat();
}

/** Names, with the other names of their files. */
export function withOtherNames(names: readonly string[], groups: readonly OwnNames[]): string[] {
  const wanted = new Set(names);
  return [...names, ...groups.filter(group => group.some(name => wanted.has(name))).flat()];
}

/** Removes names from a generation that is being built, where they are there; what other names they have stays. */
export function removeNames(generation: string, names: readonly string[]): void {
  const isBelow = belowFoldersOf(generation);
  for (const name of names)
    if (isBelow(name) && statIn(generation, name)?.isDirectory() === false)
      unlinkSync(inTree(generation, name));
}

type Search = Omit<RunOptions, "onStdout" | "cwd" | "env">;

/** @param fields of find's -printf @param onEntry gets those of one entry, as latin1 */
async function search(
  folder: string,
  fields: readonly string[],
  options: Search,
  onEntry: (fields: readonly string[]) => void,
): Promise<void> {
  let rest = "";
  let entry: string[] = [];
  const format = fields.map(field => `${field}\\0`).join("");
  const argv = ["find", ".", "-xdev", "!", "-type", "d", "-links", "+1", "-printf", format] as const;
  const result = await run([...argv], {
    ...{ ...options, cwd: folder, env: { LC_ALL: "C" } },
    onStdout(chunk) {
      const words = (rest + chunk.toString("latin1")).split("\0");
      rest = words.pop() ?? "";
      for (const word of words) {
        entry.push(word);
        if (entry.length < fields.length) continue;
        onEntry(entry);
        entry = [];
      }
    },
  });
  options.stop?.throwIfAborted();
  if (result.ended === "exited" && result.exitCode === 0) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `names below ${quoted(folder)} can't be listed: ${firstLines(result.stderr)}`,
    kept: "Nothing was changed there.",
    next: "dmesg --level err,warn | tail",
  });
}
