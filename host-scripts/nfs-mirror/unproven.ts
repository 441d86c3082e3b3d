import type { BigIntStats } from "node:fs";

/**
 * Time of a moved file until its content is proven, in s since 1970: a run that ends in between leaves nothing that passes for
 * a copy.
 */
export const unprovenS = 1;

export function hasUnprovenTime(stat: BigIntStats | undefined): boolean {
  return stat?.mtimeMs === BigInt(unprovenS * 1000);
}
