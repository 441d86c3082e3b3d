import { mirroredBytes } from "../../plan/contracts/nfs-mirror";
import type { Summary } from "../runtime/job-run";
import { notedName, shortened } from "../runtime/quoted";
import type { Held, Mirror } from "./mirror";

/** What a run tells of itself. */
export const summary: Summary<Mirror> = {
  values: ({ copied }) => ({ [mirroredBytes]: copied?.bytes ?? 0 }),
  figures: ({ scan: found, copied }) => ({
    ...(found && { entries: found.entries, toCopy: found.changes, toDelete: found.deletions }),
    ...(copied && {
      copied: copied.changed,
      deleted: copied.deleted,
      bytes: copied.bytes,
      segment: copied.segment,
    }),
  }),
  done({ config, scan: found, copied, held }, seconds) {
    const journal = copied?.segment === undefined ? "" : `; journal segment ${copied.segment}`;
    return `"${config.target.path}" equals "${config.source.path}"${exceptions(held)}: ${found?.entries} entries, ${copied?.changed} copied (${copied?.bytes} bytes), ${copied?.deleted} deleted in ${seconds} s${journal}`;
  },
};

/** A run that succeeds held only what the estate accepts. */
function exceptions(held: readonly Held[]): string {
  const [first] = held;
  if (!first) return "";
  const others = held.length > 1 ? ` and ${held.length - 1} more` : "";
  return ` but for what is accepted, ${shortened(notedName(first.path))}${others}`;
}
