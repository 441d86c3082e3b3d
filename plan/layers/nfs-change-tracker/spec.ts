import { z } from "zod";
import { absolutePath } from "../../estate/fields";
import { readingPeriod, runFields, runsOn, schedule } from "../common";
import { isBelow, isTemporary } from "../places";

/** The daemon that notes changed NFS paths for the offsite run. */
export const nfsChangeTrackerSpec = z
  .strictObject({
    host: runsOn,
    watches: z.array(absolutePath).min(1).describe("Folders in which it notes what changes"),
    log: absolutePath.describe("Folder of its journal"),
    schedule: schedule.describe("When it proves that it is alive, at the latest: it does so each minute"),
    reconcile: readingPeriod(
      "expected 2d or more: all is compared then, and no night gets round to that more often",
    )
      .default("7d")
      .describe("So often all is compared: a change that the kernel told nobody of is off the site by then"),
    ...runFields,
  })
  .superRefine(({ watches, log }, context) => {
    const watched = watches.find(folder => isBelow(log, folder));
    if (watched !== undefined)
      context.addIssue({
        code: "custom",
        path: ["log"],
        message: `lies in "${watched}", which it watches: each note would be a change to note. Example: "/var/lib/holdfast/nfs-change-tracker"`,
      });
    if (isTemporary(log))
      context.addIssue({
        code: "custom",
        path: ["log"],
        message:
          'is emptied at each boot, and with it goes what wasn\'t sent yet. Example: "/var/lib/holdfast/nfs-change-tracker"',
      });
    for (const [index, folder] of watches.entries()) {
      const above = watches.find(
        (other, at) => at !== index && isBelow(folder, other) && (other !== folder || at < index),
      );
      if (above !== undefined)
        context.addIssue({
          code: "custom",
          path: ["watches", index],
          message: `is watched already, by "${above}": each change in it would be noted twice. Keep one of the two`,
        });
    }
  });
export type NfsChangeTrackerSpec = z.output<typeof nfsChangeTrackerSpec>;
