import { existsSync } from "node:fs";
import { join } from "node:path";
import { labDir } from "../facts";
import { readLabFile } from "../servers/places";
import { type ImageReferences, readReferences } from "./images";

/** Where a node that is started leaves what its pods may be made of. */
export const referencesFile = join(labDir, "images.json");

/** What a node's pods may be made of, by names with digests. @throws when no node was started in this lab */
export function readImages(): ImageReferences {
  return readReferences(readLabFile(referencesFile));
}

/** Whether this lab's cluster has had a node of its own. */
export const hasNode = (): boolean => existsSync(referencesFile);
