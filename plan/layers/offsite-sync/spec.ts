import { z } from "zod";
import { offsiteSyncJobName } from "../../contracts/offsite-sync";
import { absolutePath, name, size } from "../../estate/fields";
import { parseSize } from "../../units/size";
import { collapse, entries, excludes, readingPeriod, runFields, runsOn, schedule } from "../common";

const leg = z.strictObject({
  from: absolutePath
    .refine(
      path => path !== "/",
      'is the whole system with all that is mounted in it, copies and live data alike. Expected what is to go there, e.g. "/mnt/backup"',
    )
    .describe("Folder of the host that is sent: a mount point, or one below it"),
  to: absolutePath.describe("Folder at the destination"),
  excludes: excludes.describe("Entries that this leg doesn't carry"),
  only: entries.optional().describe("Entries that this leg carries; left out, all but the excluded ones"),
  metadata: z.enum(["kept", "lost"]).default("kept").describe("Whether owners, modes and hard links arrive"),
});

/** A unit, a command and a consumer of journals are called so. */
const jobName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and "-", e.g. "offsite-friend"');

const hour = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of the day from "00:00" to "23:59"');

/** Between two times of the day, by the clock of the schedule's zone. */
const limit = z
  .strictObject({
    from: hour.describe("Time of the day from which on it holds"),
    to: hour.describe("An earlier one than from is the next day's"),
    atMost: size
      .refine(
        text => parseSize(text) >= 10_000,
        'is less than "10kB" a second: nothing of size would ever arrive',
      )
      .describe('Bytes a second, e.g. "2MB"'),
  })
  .refine(({ from, to }) => from !== to, {
    path: ["to"],
    message:
      'is the same as from. All day is two limits, from "00:00" to "12:00" and from "12:00" to "00:00"',
  });

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Limits of the line, none of which holds at the same time as another. */
const bandwidth = z.array(limit).superRefine((limits, context) => {
  const since = (from: string, to: string): number => (minutes(to) - minutes(from) + 1440) % 1440;
  for (const [index, { from }] of limits.entries()) {
    const other = limits.find(
      (each, at) => at !== index && since(each.from, from) < since(each.from, each.to),
    );
    if (other)
      context.addIssue({
        code: "custom",
        path: [index, "from"],
        message: `lies between ${other.from} and ${other.to}, where another limit holds already. Begin it at ${other.to}, or end that at ${from}`,
      });
  }
});

/** The nightly run that brings every byte to a destination, by one of several legs. */
export const offsiteSyncSpec = z.strictObject({
  name: jobName
    .default(offsiteSyncJobName)
    .describe("What its job is called; a second destination of one host needs one of its own"),
  host: runsOn,
  destination: name.describe("Destination of the estate that it sends to"),
  schedule,
  legs: z.array(leg).min(1).describe("What is sent, and where it arrives"),
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
      counts: z
        .enum(["sent", "compared"])
        .default("sent")
        .describe(
          "From when a copy counts in a loss: once it was sent and a sample of it compared, or once all of it was compared for sure, which is the period later",
        ),
    })
    .prefault({ period: "60d" })
    .describe("What reads all that lies there, and here, a part each night"),
  collapse: collapse.describe(
    "From which loss on what is gone from an entry waits for somebody, and stays there",
  ),
  bandwidth: bandwidth
    .default([])
    .describe("What it may take of the line by the hours of the day; at all other times as much as it gets"),
  ...runFields,
});
export type OffsiteSyncSpec = z.output<typeof offsiteSyncSpec>;
