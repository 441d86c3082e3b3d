import { z } from "zod";
import { absolutePath, name } from "../../estate/fields";
import { runFields, schedule } from "../common";

/** The daemon that notes changed NFS paths for the offsite run. */
export const nfsChangeTrackerSpec = z.strictObject({
  host: name,
  watches: z.array(absolutePath).min(1),
  log: absolutePath.describe("Folder of its journal"),
  schedule: schedule.describe("When it proves that it is alive"),
  ...runFields,
});
export type NfsChangeTrackerSpec = z.output<typeof nfsChangeTrackerSpec>;
