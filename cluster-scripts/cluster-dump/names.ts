import type { RestoreClient } from "./restore-client";

/** Databases of the server that are somebody's, each by its bytes in latin1. */
export async function namesThere(client: RestoreClient): Promise<Set<string>> {
  const lines = await client.lines("names");
  return new Set(lines.map(hex => Buffer.from(hex, "hex").toString("latin1")));
}

/** Names have up to 63 bytes in PostgreSQL, and a letter more in MariaDB. */
const longest = 63;

/** A name that no other database has: "shop_before_20261128_101500", in UTC. */
export function otherName(name: string, why: "before" | "beside" | "cut" | "undone"): string {
  const now = new Date()
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
  return `${Buffer.from(head.replace(/\uFFFD+$/, "")).toString("latin1")}${suffix}`;
}
