import { z } from "zod";
import { alertPolicy, schedule } from "../common";
import { absolutePath, duration, entryName, name, reason } from "../../estate/fields";

/** One nightly mirror of a tree of services on a host to the same host's backup disk. */
export const nfsMirrorSpec = z
  .strictObject({
    host: name,
    schedule,
    source: absolutePath.describe("Mount point of the tree; each entry in it is one service"),
    target: absolutePath.describe("Mount point of the backup disk"),
    excludes: z.array(z.strictObject({ name: entryName, reason })).default([]),
    keep: z
      .array(z.strictObject({ name: entryName, reason }))
      .default([])
      .describe("Entries of the target that another job writes: never deleted, never written"),
    usualRun: duration.describe("How long a normal night takes; the budget is what it may take"),
    budget: duration.describe("Longest run that still counts as healthy; the job stops itself then"),
    maxDeletions: z
      .strictObject({ count: z.int().min(0), percent: z.number().min(0).max(100) })
      .default({ count: 1000, percent: 10 })
      .describe("A run that would delete more than both is refused"),
    promise: z.strictObject({ rpo: duration.describe("Largest loss after the source's disk died") }),
    alert: alertPolicy,
  })
  .superRefine((spec, context) => {
    if (contains(spec.source, spec.target) || contains(spec.target, spec.source))
      context.addIssue({
        code: "custom",
        path: ["target"],
        message: `overlaps with source "${spec.source}": a mirror into itself copies its own copies. Expected a path on another file system, e.g. "/mnt/backup"`,
      });
    for (const [index, exclude] of spec.excludes.entries())
      if (spec.excludes.findIndex(other => other.name === exclude.name) < index)
        context.addIssue({
          code: "custom",
          path: ["excludes", index, "name"],
          message: "is excluded twice. Keep one of the two",
        });
  });

export type NfsMirrorSpec = z.output<typeof nfsMirrorSpec>;

function contains(parent: string, child: string): boolean {
  return child === parent || child.startsWith(parent === "/" ? "/" : `${parent}/`);
}
