import { z } from "zod";
import { accepted } from "../../contracts/accepted";
import { absolutePath, duration, lasts } from "../../estate/fields";
import { collapse, entries, excludes, runFields, runsOn, schedule } from "../common";

const percent = z.number().min(0).max(100);

/** One nightly mirror of a tree of services on a host to the same host's backup disk. */
export const nfsMirrorSpec = z
  .strictObject({
    host: runsOn,
    schedule,
    source: absolutePath.describe("Mount point of the tree; each entry in it is one service"),
    target: absolutePath.describe("Mount point of the backup disk"),
    excludes: excludes.describe("Entries of the source that aren't mirrored"),
    keep: excludes.describe("Entries of the target that another job writes: never deleted, never written"),
    maxDeletions: z
      .strictObject({
        count: z.int().min(0).describe("So many entries go in any night"),
        percent: percent.describe("Beyond count, as large a share of the entries"),
        bytesPercent: percent
          .default(25)
          .describe("As large a share of the bytes, with what files shrink by, whatever the entries are"),
      })
      .default({ count: 100, percent: 10, bytesPercent: 25 })
      .describe(
        "A run that would delete more entries than count and percent, or a larger share of the bytes than bytesPercent, is refused; a service that is gone as a whole always waits for somebody who accepts it",
      ),
    collapse: collapse.describe(
      "A service that keeps less than leastPercent of the files that its copy has, or of whose copy's files (50 or more) more than mostChangedPercent would go or get another content, keeps its copy until somebody accepts it",
    ),
    accepted: z
      .array(accepted)
      .default([])
      .describe("Entries of the source that can't be copied and aren't missed for a while"),
    compareAll: duration
      .refine(
        lasts(ms => ms <= 366 * 86_400_000),
        "expected 366d at most: what nobody noted is in no copy until then",
      )
      .default("7d")
      .describe(
        "All of the source is compared at least so often; in between, where nfs-change-tracker watches the source, a run copies what that has noted. What the kernel told nobody of is mirrored by then",
      ),
    rewritten: entries
      .default([])
      .describe(
        "Entries of the source (services or files, * for any characters) that are made anew each night on purpose, such as a database's dump: while the source has one with a file in it, losing or changing most of what its copy has isn't held; the ceilings of maxDeletions count it",
      ),
    ...runFields,
  })
  .superRefine((spec, context) => {
    if (contains(spec.source, spec.target) || contains(spec.target, spec.source))
      context.addIssue({
        code: "custom",
        path: ["target"],
        message: `overlaps with source "${spec.source}": a mirror into itself copies its own copies. Expected a path on another file system, e.g. "/mnt/backup"`,
      });
    for (const [limit, problem] of ceilingsWithoutUse(spec.maxDeletions))
      context.addIssue({ code: "custom", path: ["maxDeletions", limit], message: problem });
    for (const [index, { name: pattern }] of spec.rewritten.entries())
      if (/^\*+$/.test(pattern))
        context.addIssue({
          code: "custom",
          path: ["rewritten", index, "name"],
          message:
            'stands for every service, so that nothing would be held any more. Expected what is made anew alone, e.g. "dumps" or "dump-*.sql.gz"',
        });
  });

export type NfsMirrorSpec = z.output<typeof nfsMirrorSpec>;

function contains(parent: string, child: string): boolean {
  return child === parent || child.startsWith(parent === "/" ? "/" : `${parent}/`);
}

/** A night that takes more than half of all is a mistake or a move, and somebody is at a screen for a move. */
const mostPercent = 50;

/** A ceiling that holds every deletion is accepted by habit soon; one that holds none isn't there. */
function ceilingsWithoutUse({
  count,
  percent,
  bytesPercent,
}: Record<"count" | "percent" | "bytesPercent", number>): (readonly [string, string])[] {
  const usual = "Example: { count: 100, percent: 10, bytesPercent: 25 }";
  const found: (readonly [string, string])[] = [];
  if (count === 0 && percent === 0)
    found.push([
      "count",
      `holds every deletion, as percent is 0 too, and a mirror that never deletes fills its disk. ${usual}`,
    ]);
  if (bytesPercent === 0)
    found.push([
      "bytesPercent",
      `holds every deletion of a file that isn't empty, and a mirror that never deletes fills its disk. ${usual}`,
    ]);
  if (count > 100_000)
    found.push([
      "count",
      `is beyond what is ever deleted: no night that loses most of the source would be held. ${usual}`,
    ]);
  for (const [limit, share] of [
    ["percent", percent],
    ["bytesPercent", bytesPercent],
  ] as const)
    if (share > 0 && share < 1)
      found.push([
        limit,
        `is less than one in a hundred: a share where a percentage is meant holds every ordinary night. ${usual}`,
      ]);
  for (const [limit, share] of [
    ["percent", percent],
    ["bytesPercent", bytesPercent],
  ] as const)
    if (share >= 100) found.push([limit, `holds nothing: no run deletes more than all. ${usual}`]);
    else if (share > mostPercent)
      found.push([
        limit,
        `lets a night take ${share} % of what the mirror has without asking. Expected ${mostPercent} at most: more is accepted by hand when it comes. ${usual}`,
      ]);
  return found;
}
