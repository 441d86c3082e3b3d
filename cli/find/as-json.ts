import { restoreText } from "../../plan/graph/restore-steps";
import type { PathFacts } from "./ask";
import type { Found, Search } from "./found";

/** For a program: instants are ISO 8601 in UTC, times in seconds, sizes in bytes; null where nothing says it. */
export function asJson(
  { found, unasked, byHand }: Search,
  chosen: readonly Found[],
  { nowMs, atMs }: { readonly nowMs: number; readonly atMs: number | undefined },
): object {
  return {
    at: isoOf(atMs),
    versions: found.map(each => ({
      ...{ dataset: each.dataset, path: each.below ?? null, via: each.via, where: each.where },
      copied: each.copied ?? null,
      medium: each.medium,
      taken: isoOf(each.takenMs),
      ageSeconds: each.takenMs === undefined ? null : Math.round((nowMs - each.takenMs) / 1000),
      ...{ bytes: each.bytes ?? null, there: factsOf(each.there) },
      ...{ verified: each.verified, lacks: each.lacks, chosen: chosen.includes(each) },
      backSeconds: each.backMs === undefined ? null : each.backMs / 1000,
      restore: restoreText(each.restore),
    })),
    ...{ unasked, byHand },
  };
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function factsOf(facts: PathFacts | undefined): object | null {
  if (facts?.state !== "there") return null;
  const { bytes, modifiedMs, isFolder } = facts;
  return { bytes: isFolder ? null : bytes, modified: new Date(modifiedMs).toISOString(), isFolder };
}
