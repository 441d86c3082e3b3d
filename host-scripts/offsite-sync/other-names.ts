import { filesIn } from "../runtime/files-in";
import { linkedNames } from "../runtime/linked-names";
import { foldersAbove, isFolderIn, statIn } from "../runtime/tree-path";
import type { Offsite, Part } from "./offsite";
import { isSent } from "./owe";

/**
 * A list with the other names of its files too. Who notes that a file has changed knows the name by which it was opened; sent alone,
 * that would get a file of its own there, and the others would be as they were.
 */
export async function withOtherNames({ config, stop }: Offsite, part: Part): Promise<Part> {
  const { leg, folder, todo } = part;
  // A generation is made as a whole, and nobody writes to it.
  if (folder !== undefined || todo.kind !== "list" || !hasOtherNames(leg.from, todo)) return part;
  const folders = leg.generations.map(generation => generation.folder);
  const without = [...folders, ...leg.excludes].map(name => name.replace(/[*?[\\]/g, "\\$&"));
  const groups = await linkedNames(
    { path: leg.from, without },
    { timeoutMs: config.budgetMs, stop: stop.signal },
  );
  const [paths, subtrees] = [new Set(todo.paths), new Set(todo.subtrees)];
  const isNamed = (name: string): boolean =>
    paths.has(name) || [name, ...foldersAbove(name)].some(above => subtrees.has(above));
  const device = statIn(leg.from, ".")?.dev;
  for (const name of groups.filter(names => names.some(isNamed)).flat())
    if (isSent(name, leg) && statIn(leg.from, name)?.dev === device) paths.add(name);
  return { ...part, todo: { ...todo, paths: [...paths] } };
}

function hasOtherNames(
  from: string,
  { paths, subtrees }: { paths: readonly string[]; subtrees: readonly string[] },
) {
  const isOne = (name: string): boolean => {
    const stat = statIn(from, name);
    return stat !== undefined && !stat.isDirectory() && stat.nlink > 1n;
  };
  if (paths.some(isOne)) return true;
  for (const subtree of subtrees)
    if (isFolderIn(from, subtree)) {
      for (const name of filesIn(from, subtree, () => undefined)) if (isOne(name)) return true;
    } else if (isOne(subtree)) return true;
  return false;
}
