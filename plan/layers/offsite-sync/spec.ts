import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { collapse, entries, excludes, runFields, schedule } from "../common";

const leg = z.strictObject({
  from: absolutePath.refine(
    path => path !== "/",
    'is the whole system with all that is mounted in it, copies and live data alike. Expected what is to go there, e.g. "/mnt/backup"',
  ),
  to: absolutePath.describe("Folder at the destination"),
  excludes,
  only: entries.optional().describe("Entries that this leg carries; left out, all but the excluded ones"),
  metadata: z.enum(["kept", "lost"]).default("kept").describe("Whether owners, modes and hard links arrive"),
});

/** The nightly run that brings every byte to a destination, by one of several legs. */
export const offsiteSyncSpec = z.strictObject({
  host: name,
  destination: name,
  schedule,
  legs: z.array(leg).min(1),
  fullSync: schedule
    .prefault({ onCalendar: "Sun *-*-1..7" })
    .describe(
      "A run on or after it compares everything, and removes what this host has no more; by default each month's first Sunday",
    ),
  collapse: collapse.describe(
    "From which loss on what is gone from an entry waits for somebody, and stays there",
  ),
  ...runFields,
});
export type OffsiteSyncSpec = z.output<typeof offsiteSyncSpec>;
