import { ownPrefix } from "../runtime/closed-folder";
import { hasLargeHoles, holeBytes } from "../runtime/holes";
import { entriesOf } from "../runtime/open-folder";
import { noted, notedName } from "../runtime/quoted";
import { sizeText } from "../runtime/size-text";
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

/** Holes that take both ends three minutes of a processor when they are first sent. */
const costlyBytes = 32 * 1024 ** 3;
/** By what 4 GiB of them took: 24 s. */
const bytesAnHour = 614 * 1024 ** 3;

/** Says of each file before it is sent what its holes cost a night. */
export function notesOfHoles({ from, isPacked, only }: Transfer): string[] {
  if (isPacked !== true) return [];
  return (only?.names ?? []).flatMap(name => {
    const bytes = holeBytes(statIn(from, name));
    if (bytes < costlyBytes) return [];
    const hours = (bytes / bytesAnHour).toFixed(1);
    return [
      `${noted(from)}/${notedName(name)} has ${sizeText(bytes)} of holes, which rsync reads as zeros: about ${hours} hours of a processor, also each time that some of it changes or it is compared`,
    ];
  });
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
