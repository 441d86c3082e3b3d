import { ownPrefix } from "../runtime/closed-folder";
import { hasLargeHoles } from "../runtime/holes";
import { entriesOf } from "../runtime/open-folder";
import { sparseFiles } from "../runtime/sparse-files";
import { isFolderIn, statIn } from "../runtime/tree-path";
import type { Part } from "./offsite";
import { isSent } from "./owe";
import type { Transfer } from "./transfer";

/**
 * A transfer, and behind it one of what it has with large holes: rsync reads and sends a hole as zeros, of which next to nothing is left
 * once they are packed. All else isn't packed, as it takes a processor longer than most of it is worth.
 */
export function aroundHoles(part: Part, transfer: Transfer): Transfer[] {
  const names = holedNames(part, transfer);
  if (names.length === 0) return [transfer];
  const { only } = transfer;
  const holes = new Set(names);
  const rest =
    only?.deep === false
      ? { ...transfer, only: { deep: false, names: only.names.filter(name => !holes.has(name)) } }
      : { ...transfer, without: names };
  const holed: Transfer = { ...transfer, only: { names, deep: false }, isPacked: true };
  return rest.only?.names.length === 0 ? [holed] : [rest, holed];
}

/** Byte by byte as latin1. */
function holedNames(part: Part, { from, only }: Transfer): string[] {
  if (only?.deep === false)
    return only.names.filter(name => {
      const stat = statIn(from, name);
      return stat?.isFile() === true && hasLargeHoles(stat);
    });
  if (!isFolderIn(from, ".")) return [];
  const isOwn = (name: string): boolean => name.split("/").some(entry => entry.startsWith(`${ownPrefix}-`));
  return sparseFiles(
    from,
    (only?.names ?? entriesOf(from)).filter(name => isOfPart(part, name)),
  )
    .flat()
    .filter(name => isOfPart(part, name) && !isOwn(name));
}

/** Whether a name below the root of a transfer is not one that another part has, or nobody is sent. */
function isOfPart({ leg, folder }: Part, name: string): boolean {
  if (folder !== undefined) return true;
  const isIn = (above: string): boolean => name === above || name.startsWith(`${above}/`);
  return isSent(name, leg) && !leg.generations.some(generation => isIn(generation.folder));
}
