import { lstatSync } from "node:fs";
import { sentAs } from "../../plan/contracts/sent-as";
import type { Version } from "../../plan/contracts/versions";
import type { RestoreDrill } from "./restore-drill";
import type { Listed, OffsiteTier } from "./tier";
import { type DrillCopy, newestOf } from "./turns";

type Leg = OffsiteTier["legs"][number];

/**
 * What a destination has: of each thing on the backup disk the newest copy that was there when its leg was last sent whole and
 * verified, and each tree that goes there by itself. Of a leg that never was whole there, nothing is to be proved yet.
 */
export function sentCopies(
  tier: OffsiteTier,
  sent: readonly Version[],
  listed: readonly Listed[],
  { notes }: Pick<RestoreDrill, "notes">,
): DrillCopy[] {
  return tier.legs.flatMap(leg => {
    const asOf = sent.find(({ of }) => of === leg.from)?.at;
    if (asOf === undefined) {
      notes.push(
        `nothing of ${leg.from} was drilled from ${leg.to}: ${tier.job} has never sent all of it there`,
      );
      return [];
    }
    const copy = (
      of: string,
      path: string,
      { isYounger = false, ...more }: Pick<DrillCopy, "at" | "lacks"> & { readonly isYounger?: boolean },
    ): DrillCopy => ({
      ...{
        tier: tier.tier,
        of,
        path: `${leg.to}${path.slice(leg.from.length)}`,
        sent: { path, asOfMs: Date.parse(asOf), isYounger },
      },
      ...{ pick: [], ...more },
    });
    const trees = leg.trees.map(tree => copy(tree, tree, { at: asOf, lacks: [] }));
    const onDisk = listed.flatMap(({ tier, versions }) =>
      versions.flatMap(({ of: name, at, path = "", lacks }) => {
        if (!isCarried(leg, path)) return [];
        const of = `${sentAs(tier)}${name}`;
        if (tier.kind !== "mirror")
          return at !== undefined && at < asOf ? [copy(of, path, { at, lacks })] : [];
        // A file by itself comes back with the folder that it lies in.
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat?.isDirectory() !== true) return [];
        const isYounger = stat.birthtimeMs >= Date.parse(asOf);
        // Mirrored anew since then, it is of a time there that nobody knows.
        return [copy(of, path, { at: (at ?? "") < asOf ? at : undefined, lacks, isYounger })];
      }),
    );
    return [...trees, ...newestOf(onDisk)];
  });
}

/** Whether a leg takes a path along. */
function isCarried({ from, excludes, only }: Leg, path: string): boolean {
  if (!path.startsWith(`${from}/`)) return false;
  const [entry = ""] = path.slice(from.length + 1).split("/");
  return only ? only.includes(entry) : !excludes.includes(entry);
}
