import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { retention } from "../../retention";
import { excludes, runFields, schedule } from "../common";

/** File-level generations of every snapshotted volume, SQLite copies, firewalls and the host's own configuration. */
export const dailyBackupSpec = z.strictObject({
  host: name,
  schedule,
  target: absolutePath.describe("Mount point of the backup disk"),
  volumes: z
    .strictObject({
      from: name.default("lvm-pvc-snapshot").describe("Job whose newest snapshot of each volume is read"),
      excludeNamespaces: excludes,
      keep: retention,
    })
    .optional(),
  sqlite: z
    .strictObject({ keep: retention })
    .optional()
    .describe("Copies of the SQLite files in the volumes"),
  firewalls: z.array(z.strictObject({ name, keep: retention })).default([]),
  configuration: z.strictObject({ keep: retention }).optional().describe("The host's own configuration"),
  ...runFields,
});
export type DailyBackupSpec = z.output<typeof dailyBackupSpec>;
