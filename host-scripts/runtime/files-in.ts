import { openFolder } from "./open-folder";
import { inTree } from "./tree-path";

/**
 * What lies below a folder and is none itself, one after the other: whoever has seen enough stops asking. Names are
 * byte by byte as latin1, below the root.
 */
export function* filesIn(root: string, folder: string): Generator<string, void, undefined> {
  const dir = openFolder(inTree(root, folder));
  try {
    for (let entry = dir.next(); entry !== null; entry = dir.next()) {
      const name = `${folder}/${entry.name.toString("latin1")}`;
      if (entry.isDirectory()) yield* filesIn(root, name);
      else yield name;
    }
  } finally {
    dir.close();
  }
}
