import { z } from "zod";
import { absolutePath, size } from "../../estate/fields";
import { readingPeriod, runFields, runsOn, schedule } from "../common";

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
  most: size.default("10GB").describe("Of a copy that is larger, files of so much in all are drilled"),
  leaveFree: size
    .default("10GB")
    .describe(
      "So much of the scratch folder's file system stays free: what has no room beside it is passed over",
    ),
  ...runFields,
});
export type RestoreDrillSpec = z.output<typeof restoreDrillSpec>;
