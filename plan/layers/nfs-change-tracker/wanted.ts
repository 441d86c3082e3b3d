import type { Estate } from "../../estate/schema";
import { isBelow } from "../places";
import type { NfsChangeTrackerSpec } from "./spec";

/** Entries of a watched folder of which a leg off the site is sent by what is noted; undefined for all of them. */
export function wantedOf(
  root: string,
  { host }: Pick<NfsChangeTrackerSpec, "host">,
  estate: Estate,
): string[] | undefined {
  const sources = estate.layers["offsite-sync"]
    .filter(other => other.host === host)
    .flatMap(({ legs }) => legs.map(({ from }) => from));
  if (sources.some(from => isBelow(root, from))) return undefined;
  const below = sources.filter(from => isBelow(from, root));
  const entries = below.map(from => from.slice(root === "/" ? 1 : root.length + 1).split("/", 1)[0] ?? "");
  return below.length === 0 ? undefined : [...new Set(entries)].sort();
}
