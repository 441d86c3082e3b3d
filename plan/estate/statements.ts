import { z } from "zod";
import { line } from "./fields";
import { facts, readValue } from "../statements/value";

/** How each fact is written; the estate's own units and grammar throughout. */
const grammar = [
  'schedule: a calendar in either dialect, compared by when it fires, e.g. "*-*-* 02:00:00" or "0 2 * * *"',
  'retention: an age ("7d"), generations by what they count ("4 weeks", "12 months", "5 runs"), "latest" or "unlimited"',
  'stale-after, rto: a duration ("26h"); rpo too, of one disaster if it is named ("site: 31h")',
  "volume-count: a whole number; medium: hdd, ssd or nvme; offsite: yes or no",
  'size: bytes with a unit ("1.1TB"), within 5 % of the plan\'s; used: the same, or a share ("46%")',
  'excludes, secret-kept-in: names with commas between them, or "none"',
  "metric, path: one name, one absolute path",
].join("; ");

/**
 * What a document says of the system: runbooks, diagrams and tables are checked against the plan as settings are, and
 * against one another. A reference that says 3 days where the NAS keeps 7 costs a restore.
 */
export const statement = z
  .strictObject({
    where: line.describe('Place in the document, e.g. "Components table"'),
    about: line.describe(
      'Job, service, dataset, disk ("sda" or "pve/sda"), pool, destination, secret or alert that it speaks of',
    ),
    fact: z.enum(facts).describe("What it says of that"),
    says: line.describe(`The fact as the document has it. ${grammar}`),
  })
  .superRefine(({ fact, says }, context) => {
    try {
      readValue(fact, says);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", path: ["says"], message });
    }
  });
export type Statement = z.output<typeof statement>;
