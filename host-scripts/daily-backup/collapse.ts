import type { CollapseLimits } from "../../plan/contracts/collapse";
import { isLess, isMostlyOther } from "../runtime/collapse";
import type { CopiedFiles, Holdings } from "./copy-files";

/**
 * Whether a volume lost most of what its last good generation holds, or doesn't have most of those files as they were: emptied by
 * mistake, encrypted by somebody, or mounted without its data.
 * @param before what that generation holds; undefined when there is none
 * @param copied with the number of that generation's files in `baseFiles`; undefined when it wasn't compared with them
 * @returns what is wrong, in words; undefined when nothing is
 */
export function collapseOf(
  before: Holdings | undefined,
  copied: Pick<CopiedFiles, "holds" | "baseFiles" | "unchanged">,
  { leastPercent, mostChangedPercent }: CollapseLimits,
): string | undefined {
  const { holds, baseFiles, unchanged } = copied;
  const files = baseFiles ?? before?.files ?? 0;
  if (isLess(holds.files, files, leastPercent))
    return `it holds ${holds.files} files, its last generation ${files}`;
  if (before && isLess(holds.bytes, before.bytes, leastPercent))
    return `its files have ${holds.bytes} bytes, those of its last generation ${before.bytes}`;
  if (baseFiles === undefined || unchanged === undefined) return undefined;
  // New ones say nothing: a volume may grow to many times what it was.
  const lost = baseFiles - unchanged;
  if (isMostlyOther(lost, baseFiles, mostChangedPercent))
    return `${lost} of the ${baseFiles} files of its last generation are gone or have another content`;
  return undefined;
}
