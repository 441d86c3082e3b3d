import { aheadS } from "../../plan/contracts/metric";
import type { DeadManConfig } from "../../plan/contracts/dead-man";
import { isAhead } from "../runtime/clock";
import { readTextfile } from "../runtime/metrics";

/**
 * The jobs that failed, or whose last success is too old or hasn't come yet; a line each.
 * @param sinceMs when this release was made: before that, a job that never succeeded owes nothing
 */
export function owing(jobs: DeadManConfig["jobs"], sinceMs: number, nowMs: number): string[] {
  return jobs.flatMap(({ name, textfile, status, lastSuccess, staleAfterMs }) => {
    const metrics = readTextfile(textfile);
    const ended = metrics.get(status) ?? 0;
    const successS = metrics.get(lastSuccess);
    const told = successS === undefined ? "has never succeeded" : `last succeeded at ${iso(successS * 1000)}`;
    if (ended !== 0) return [`${name} failed (${ended}), and ${told}`];
    if (successS !== undefined && isAhead(successS * 1000, nowMs, aheadS * 1000))
      return [`${name} ${told}, which hasn't come yet`];
    const ageMs = nowMs - (successS === undefined ? sinceMs : successS * 1000);
    return ageMs > staleAfterMs
      ? [`${name} ${told}, and may be silent for ${Math.round(staleAfterMs / 60_000)} min`]
      : [];
  });
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
