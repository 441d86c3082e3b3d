import { readdirSync } from "node:fs";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { notedName, notedOfTyped } from "../runtime/quoted";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { contentOf } from "./collapse";

/**
 * Whether most of a service may go or change in any night, as the estate says of it: what was there is made anew. That has to be
 * seen. Where the source has nothing of that name, or of that pattern, with content in it, nothing was made, and it is gone.
 */
export function isMadeAnew(
  { source, rewritten }: Pick<NfsMirrorConfig, "source" | "rewritten">,
  service: string,
): boolean {
  const patterns = rewritten.map(matcherOf).filter(isMatch => isMatch(service));
  return (
    patterns.length > 0 &&
    readdirSync(source.path, "latin1").some(
      entry => patterns.some(isMatch => isMatch(entry)) && hasContent(source.path, entry),
    )
  );
}

/** @param pattern as somebody typed it @returns whether an entry is one of it */
function matcherOf(pattern: string): (entry: string) => boolean {
  const text = notedOfTyped(pattern).replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const whole = new RegExp(`^${text.replaceAll("*", ".*")}$`);
  return entry => whole.test(notedName(entry));
}

function hasContent(root: string, entry: string): boolean {
  const stat = statIn(root, entry);
  return isFolderIn(root, entry)
    ? contentOf(root, entry) === "files"
    : stat?.isFile() === true && stat.size > 0n;
}
