import { mirroredBytes } from "../../plan/contracts/nfs-mirror";
import type { Summary } from "../runtime/job-run";
import type { Mirror } from "./mirror";

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
  done({ config, scan: found, copied }, seconds) {
    const journal = copied?.segment === undefined ? "" : `; journal segment ${copied.segment}`;
    return `"${config.target.path}" equals "${config.source.path}": ${found?.entries} entries, ${copied?.changed} copied (${copied?.bytes} bytes), ${copied?.deleted} deleted in ${seconds} s${journal}`;
  },
};
