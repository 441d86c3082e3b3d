import type { CollapseLimits } from "../../plan/contracts/collapse";
import { isLess, isMostlyOther, leastCompared } from "../runtime/collapse";
import type { CopiedFiles, Holdings } from "./copy-files";

/**
 * Whether a volume lost most of what its last good generation holds, or has other content in most of its files: emptied by
 * mistake, encrypted by somebody, or mounted without its data.
 * @param before what that generation holds; undefined when there is none
 * @param copied with the number of that generation's files in `baseFiles`; undefined when it wasn't compared with them
 * @returns what is wrong, in words; undefined when nothing is
 */
export function collapseOf(
  before: Holdings | undefined,
  copied: Pick<CopiedFiles, "holds" | "baseFiles" | "content">,
  { leastPercent, mostChangedPercent }: CollapseLimits,
): string | undefined {
  const { holds, baseFiles, content } = copied;
  const files = baseFiles ?? before?.files ?? 0;
  if (isLess(holds.files, files, leastPercent))
    return `it holds ${holds.files} files, its last generation ${files}`;
  if (before && isLess(holds.bytes, before.bytes, leastPercent))
    return `its files have ${holds.bytes} bytes, those of its last generation ${before.bytes}`;
  const isCompared = baseFiles !== undefined && baseFiles >= leastCompared;
  if (isCompared && isMostlyOther(content, holds.files, mostChangedPercent))
    return `${content} of its ${holds.files} files have another content than in its last generation`;
  return undefined;
}
