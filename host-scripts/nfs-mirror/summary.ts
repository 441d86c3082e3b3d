import type { Counted } from "../../plan/contracts/metric";
import {
  comparedAll,
  heldBytes,
  heldEntries,
  heldSince,
  mirroredBytes,
  type nfsMirrorMetrics,
} from "../../plan/contracts/nfs-mirror";
import type { Summary } from "../runtime/job-run";
import { momentText } from "../runtime/moment";
import { notedName, shortened } from "../runtime/quoted";
import { comparedAllMs } from "./changes";
import type { Changes, Held, KeptBack, Mirror } from "./mirror";

/** What a run tells of itself. */
export const summary: Summary<Mirror, Counted<typeof nfsMirrorMetrics>> = {
  values: run => ({
    [mirroredBytes]: run.copied?.bytes ?? 0,
    [comparedAll]: secondsOf(comparedAllMs(run)),
    [heldEntries]: run.kept?.entries,
    [heldBytes]: run.kept?.bytes,
    [heldSince]:
      run.kept &&
      secondsOf(run.kept.since === undefined ? run.startedAt.getTime() : Date.parse(run.kept.since)),
  }),
  figures: ({ scan: found, copied, kept, changes }) => ({
    ...(changes && { compared: changes.whole === undefined ? "named" : "all" }),
    ...(found && { entries: found.entries, toCopy: found.changes, toDelete: found.deletions }),
    ...(copied && {
      copied: copied.changed,
      deleted: copied.deleted,
      bytes: copied.bytes,
      segment: copied.segment,
    }),
    ...(kept && { held: kept.entries, heldBytes: kept.bytes }),
  }),
  done({ config, scan: found, copied, held, kept, changes }, seconds) {
    const journal = copied?.segment === undefined ? "" : `; journal segment ${copied.segment}`;
    return `"${config.target.path}" equals "${config.source.path}"${exceptions(held)}${namedText(changes)}: ${found?.entries} entries, ${copied?.changed} copied (${copied?.bytes} bytes), ${copied?.deleted} deleted in ${seconds} s${keptText(kept)}${journal}`;
  },
};

/** What the source is known to be by, where not all of it was looked at. */
function namedText(changes: Changes | undefined): string {
  return changes && changes.whole === undefined
    ? ` as far as its changes are noted, of which ${changes.debt.paths.size} names and ${changes.debt.subtrees.size} subtrees were looked at`
    : "";
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}

function keptText(kept: KeptBack | undefined): string {
  return kept && kept.entries > 0
    ? `; it keeps ${kept.entries} entries (${kept.bytes} bytes) that the source has no more, since ${momentText(Date.parse(kept.since ?? ""))}`
    : "";
}

/** A run that succeeds held only what the estate accepts. */
function exceptions(held: readonly Held[]): string {
  const [first] = held;
  if (!first) return "";
  const others = held.length > 1 ? ` and ${held.length - 1} more` : "";
  return ` but for what is accepted, ${shortened(notedName(first.path))}${others}`;
}
