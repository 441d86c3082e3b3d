import { z } from "zod";
import { absolutePath, size } from "../../estate/fields";
import { parseSize } from "../../units/size";
import { readingPeriod, runFields, runsOn, schedule } from "../common";

/** A text that is no size has a message of its own. */
function isAtLeast(bytes: number, text: string): boolean {
  try {
    return parseSize(text) >= bytes;
  } catch {
    return true;
  }
}

/** Restores of what lies on a host's backup disk, into a place where nothing else is. */
export const restoreDrillSpec = z.strictObject({
  host: runsOn,
  schedule,
  target: absolutePath.describe("Mount point of the backup disk whose copies are drilled"),
  scratch: absolutePath.describe(
    "Folder that the drills have for themselves, beside nobody's data: made where it is missing, on a file system of the estate",
  ),
  period: readingPeriod("expected 2d or more: a nightly run can't prove each copy more often")
    .default("30d")
    .describe("A restore of each copy is proved once in that time"),
  most: size
    .refine(text => isAtLeast(1e6, text), 'is so little that a drill proves nothing. Expected e.g. "10GB"')
    .default("10GB")
    .describe("Of a copy that is larger, files of so much in all are drilled"),
  leaveFree: size
    .default("10GB")
    .describe(
      "So much of the scratch folder's file system stays free: what has no room beside it is passed over",
    ),
  ...runFields,
});
export type RestoreDrillSpec = z.output<typeof restoreDrillSpec>;
