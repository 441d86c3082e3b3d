import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { retention } from "../../retention";
import { runFields, schedule } from "../common";

/** The NAS's own snapshots of a share, which nothing on a host can remove. */
export const nasSnapshotsSpec = z.strictObject({
  destination: name,
  share: absolutePath
    .regex(
      /^\/[^/]+$/,
      'is no share: a NAS makes snapshots of whole shares, and each night would fail. Expected the first part of the legs\' "to", e.g. "/Backup"',
    )
    .describe("Folder of the share, e.g. /Backup"),
  schedule,
  keep: retention,
  ...runFields,
});
export type NasSnapshotsSpec = z.output<typeof nasSnapshotsSpec>;
