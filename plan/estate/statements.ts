import { z } from "zod";
import { name } from "./fields";

/**
 * What a document says of the system: runbooks, diagrams and tables are checked against the plan as settings are, and
 * against one another. A reference that says 3 days where the NAS keeps 7 costs a restore.
 */
export const statement = z.strictObject({
  where: z.string().min(1).describe('Place in the document, e.g. "Components table"'),
  about: name.describe("Job, service, disk, destination or alert that it speaks of"),
  fact: z.enum([
    "schedule",
    "retention",
    "stale-after",
    "volume-count",
    "medium",
    "metric",
    "rto",
    "rpo",
    "offsite",
    "size",
    "used",
    "excludes",
    "secret-kept-in",
    "path",
  ]),
  says: z.string().min(1).describe("The fact as the document has it, in the unit that the estate uses"),
});
export type Statement = z.output<typeof statement>;
