import { z } from "zod";
import { offsiteSyncJobName } from "../../contracts/offsite-sync";
import { absolutePath, name } from "../../estate/fields";
import { collapse, entries, excludes, readingPeriod, runFields, schedule } from "../common";

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

/** A unit, a command and a consumer of journals are called so. */
const jobName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and "-", e.g. "offsite-friend"');

/** The nightly run that brings every byte to a destination, by one of several legs. */
export const offsiteSyncSpec = z.strictObject({
  name: jobName
    .default(offsiteSyncJobName)
    .describe("What its job is called; a second destination of one host needs one of its own"),
  host: name,
  destination: name,
  schedule,
  legs: z.array(leg).min(1),
  fullSync: schedule
    .prefault({ onCalendar: "Sun *-*-1..7" })
    .describe(
      "A run on or after it compares everything, and removes what this host has no more; by default each month's first Sunday",
    ),
  scrub: z
    .strictObject({
      period: readingPeriod("expected 2d or more: a nightly run can't compare all of it more often").describe(
        "Within it each file is compared by content at both ends",
      ),
    })
    .prefault({ period: "60d" })
    .describe("What reads all that lies there, and here, a part each night"),
  collapse: collapse.describe(
    "From which loss on what is gone from an entry waits for somebody, and stays there",
  ),
  ...runFields,
});
export type OffsiteSyncSpec = z.output<typeof offsiteSyncSpec>;
