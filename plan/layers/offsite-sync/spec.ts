import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { entries, excludes, runFields, schedule } from "../common";

const leg = z.strictObject({
  from: absolutePath,
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
  fullSync: schedule.optional().describe("When a leg compares everything and deletes what is gone"),
  ...runFields,
});
export type OffsiteSyncSpec = z.output<typeof offsiteSyncSpec>;
