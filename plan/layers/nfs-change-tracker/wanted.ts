import type { NfsChangeTrackerConfig } from "../../contracts/nfs-change-tracker";
import type { Estate } from "../../estate/schema";
import { isBelow } from "../places";
import type { NfsChangeTrackerSpec } from "./spec";

type Wanted = Pick<NfsChangeTrackerConfig["watches"][number], "only" | "without">;

/** Entries of a watched folder of which somebody reads what is noted: a leg off the site, or the mirror of all of it but what that leaves out. */
export function wantedOf(root: string, { host }: Pick<NfsChangeTrackerSpec, "host">, estate: Estate): Wanted {
  const sources = estate.layers["offsite-sync"]
    .filter(other => other.host === host)
    .flatMap(({ legs }) => legs.map(({ from }) => from));
  if (sources.some(from => isBelow(root, from))) return {};
  const below = sources.filter(from => isBelow(from, root));
  const entries = new Set(
    below.map(from => from.slice(root === "/" ? 1 : root.length + 1).split("/", 1)[0] ?? ""),
  );
  const mirror = estate.layers["nfs-mirror"].find(
    ({ host: other, source }) => other === host && source === root,
  );
  if (mirror) {
    const without = mirror.excludes.map(({ name }) => name).filter(name => !entries.has(name));
    return without.length === 0 ? {} : { without: without.sort() };
  }
  return below.length === 0 ? {} : { only: [...entries].sort() };
}

/** Journal of a watched folder; undefined where no tracker of the host watches just that. */
export function journalOf(host: string, folder: string, estate: Estate): string | undefined {
  const tracker = estate.layers["nfs-change-tracker"].find(
    part => part.host === host && part.watches.includes(folder),
  );
  return tracker && journalIn(tracker, folder);
}

/** None of a tracker's journals lies in another. */
export function journalIn({ log }: Pick<NfsChangeTrackerSpec, "log">, folder: string): string {
  return `${log}/journal${folder}`;
}
