import { aheadS } from "./metric";

/** What a job's runs have left of how they ended. */
export interface LastEnds {
  /** Exit code of the last run; undefined or 0 where none failed. */
  readonly status: number | undefined;
  /** End of the last success, epoch ms; undefined where none is known. */
  readonly successMs: number | undefined;
}

/**
 * Why a job owes: its last run failed, or its last success is too old or hasn't come yet; undefined where it keeps its promise.
 * @param sinceMs from when on it could have succeeded: before it is `staleAfterMs` old, a job that never did owes nothing
 * @returns what follows the job's name in a sentence
 */
export function owed(
  { status = 0, successMs }: LastEnds,
  { staleAfterMs, sinceMs, nowMs }: { staleAfterMs: number; sinceMs: number; nowMs: number },
): string | undefined {
  const told = successMs === undefined ? "has never succeeded" : `last succeeded at ${iso(successMs)}`;
  if (status !== 0) return `failed (${status}), and ${told}`;
  if (successMs !== undefined && successMs > nowMs + aheadS * 1000) return `${told}, which hasn't come yet`;
  if (nowMs - (successMs ?? sinceMs) <= staleAfterMs) return undefined;
  return `${told}, and may be silent for ${Math.round(staleAfterMs / 60_000)} min`;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
