import type { RestoreClient } from "./restore-client";

/** Databases of the server that are somebody's, each by its bytes in latin1. */
export async function namesThere(client: RestoreClient): Promise<Set<string>> {
  const lines = await client.lines("names");
  return new Set(lines.map(hex => Buffer.from(hex, "hex").toString("latin1")));
}

/** Names have up to 63 bytes in PostgreSQL, and a letter more in MariaDB. */
const longest = 63;

/** A name that no other database has: "shop_before_20261128_101500", in UTC. @param taken what others are called */
export function otherName(
  name: string,
  why: "before" | "beside" | "cut" | "undone",
  taken: ReadonlySet<string>,
): string {
  // Names that begin alike are shortened alike: of two in one second, the second has a later one.
  for (let ms = Date.now(); ; ms += 1000) {
    const now = new Date(ms)
      .toISOString()
      .replace(/\.\d+Z$/, "")
      .replaceAll(/[-:]/g, "")
      // A capital letter would have to be quoted in SQL.
      .replace("T", "_");
    const suffix = `_${why}_${now}`;
    const head = Buffer.from(name, "latin1")
      .subarray(0, longest - suffix.length)
      .toString("utf8");
    // A letter of several bytes that was cut is left out.
    const other = `${Buffer.from(head.replace(/\uFFFD+$/, "")).toString("latin1")}${suffix}`;
    if (!taken.has(other)) return other;
  }
}

/** Such a name for each. */
export function otherNames(
  names: readonly string[],
  why: "before" | "undone",
  there: ReadonlySet<string>,
): { readonly name: string; readonly other: string }[] {
  const taken = new Set(there);
  return names.map(name => {
    const other = otherName(name, why, taken);
    taken.add(other);
    return { name, other };
  });
}
