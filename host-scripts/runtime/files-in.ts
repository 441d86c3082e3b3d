import { type OpenFolder, openFolder } from "./open-folder";
import { inTree } from "./tree-path";

/**
 * What lies below a folder and is none itself, one after the other: whoever has seen enough stops asking. Names are
 * byte by byte as latin1, below the root.
 * @param onUnread told of each folder that can't be read; without it that is an error
 */
export function* filesIn(
  root: string,
  folder: string,
  onUnread?: () => void,
): Generator<string, void, undefined> {
  for (const { name, isFolder } of entriesIn(root, folder, onUnread))
    if (isFolder) yield* filesIn(root, name, onUnread);
    else yield name;
}

function* entriesIn(
  root: string,
  folder: string,
  onUnread?: () => void,
): Generator<{ readonly name: string; readonly isFolder: boolean }, void, undefined> {
  let dir: OpenFolder | undefined;
  try {
    dir = openFolder(inTree(root, folder));
    for (let entry = dir.next(); entry !== null; entry = dir.next())
      yield { name: `${folder}/${entry.name.toString("latin1")}`, isFolder: entry.isDirectory() };
  } catch (error) {
    if (!onUnread) throw error;
    onUnread();
  } finally {
    dir?.close();
  }
}
