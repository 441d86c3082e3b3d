import type { DeadManConfig } from "../../plan/contracts/dead-man";
import { owed } from "../../plan/contracts/owed";
import { readTextfile } from "../runtime/metrics";

/**
 * The jobs that failed, or whose last success is too old or hasn't come yet; a line each.
 * @param sinceMs when this release was made: before that, a job that never succeeded owes nothing
 */
export function owing(jobs: DeadManConfig["jobs"], sinceMs: number, nowMs: number): string[] {
  return jobs.flatMap(({ name, textfile, status, lastSuccess, staleAfterMs }) => {
    const metrics = readTextfile(textfile);
    const successS = metrics.get(lastSuccess);
    const ends = {
      status: metrics.get(status),
      successMs: successS === undefined ? undefined : successS * 1000,
    };
    const why = owed(ends, { staleAfterMs, sinceMs, nowMs });
    return why === undefined ? [] : [`${name} ${why}`];
  });
}
