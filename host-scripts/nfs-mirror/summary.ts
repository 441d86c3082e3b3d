import type { Counted } from "../../plan/contracts/metric";
import {
  heldBytes,
  heldEntries,
  mirroredBytes,
  type nfsMirrorMetrics,
} from "../../plan/contracts/nfs-mirror";
import type { Summary } from "../runtime/job-run";
import { notedName, shortened } from "../runtime/quoted";
import type { Held, KeptBack, Mirror } from "./mirror";

/** What a run tells of itself. */
export const summary: Summary<Mirror, Counted<typeof nfsMirrorMetrics>> = {
  values: ({ copied, kept }) => ({
    [mirroredBytes]: copied?.bytes ?? 0,
    [heldEntries]: kept?.entries,
    [heldBytes]: kept?.bytes,
  }),
  figures: ({ scan: found, copied, kept }) => ({
    ...(found && { entries: found.entries, toCopy: found.changes, toDelete: found.deletions }),
    ...(copied && {
      copied: copied.changed,
      deleted: copied.deleted,
      bytes: copied.bytes,
      segment: copied.segment,
    }),
    ...(kept && { held: kept.entries, heldBytes: kept.bytes }),
  }),
  done({ config, scan: found, copied, held, kept }, seconds) {
    const journal = copied?.segment === undefined ? "" : `; journal segment ${copied.segment}`;
    return `"${config.target.path}" equals "${config.source.path}"${exceptions(held)}: ${found?.entries} entries, ${copied?.changed} copied (${copied?.bytes} bytes), ${copied?.deleted} deleted in ${seconds} s${keptText(kept)}${journal}`;
  },
};

function keptText(kept: KeptBack | undefined): string {
  return kept && kept.entries > 0
    ? `; it keeps ${kept.entries} entries (${kept.bytes} bytes) that the source has no more`
    : "";
}

/** A run that succeeds held only what the estate accepts. */
function exceptions(held: readonly Held[]): string {
  const [first] = held;
  if (!first) return "";
  const others = held.length > 1 ? ` and ${held.length - 1} more` : "";
  return ` but for what is accepted, ${shortened(notedName(first.path))}${others}`;
}
