import { required } from "../runtime/required";
import { entriesOf } from "../runtime/open-folder";
import { inTree, isFolderIn, statIn } from "../runtime/tree-path";
import { changedSince } from "./changed-since";
import { isLeftOut, type Mirror } from "./mirror";

/** The kernel gives files the time of its last tick. */
const tickMs = 20;

/**
 * Names that came to the source while the scan looked at it. What was moved from a folder to which it hadn't come yet to one that it
 * had seen already, it has seen nowhere; but the folder to which it came has changed since the scan began, by the kernel's clock.
 */
export async function cameMeanwhile(mirror: Mirror): Promise<readonly string[]> {
  const { source, target } = mirror.config;
  const { begunMs } = required(mirror.scan, "scan");
  // Where what changed is noted, what is noted meanwhile tells.
  if (begunMs === undefined) return [];
  const sinceMs = begunMs - tickMs;
  const found: string[] = [];
  const look = (folder: string): void => {
    for (const entry of namesIn(inTree(source.path, folder))) {
      const name = folder === "" ? entry : `${folder}/${entry}`;
      if (folder === "" && isLeftOut(mirror.config, Buffer.from(entry, "latin1").toString())) continue;
      const stat = statIn(source.path, name);
      // What lies in a folder that the mirror has is looked at where that one has changed itself.
      const isNew =
        stat?.isDirectory() === true ? !isFolderIn(target.path, name) : Number(stat?.ctimeMs ?? 0) >= sinceMs;
      if (isNew) found.push(name);
    }
  };
  await changedSince(mirror, source.path, { kind: "folders", sinceMs }, look);
  return found;
}

/** What can't be read is the scan's to tell. */
function namesIn(folder: Buffer): string[] {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}
