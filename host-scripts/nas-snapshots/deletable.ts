import { momentText } from "../runtime/moment";
import type { Snapshot } from "./nas-snapshots";

/** What a deletion has to leave. */
export interface Left {
  /** Snapshots, however old they are. */
  readonly atLeast: number;
  /** By the name of a job that writes to the share: the end of its last verified run by the NAS's clock; undefined where there is none. */
  readonly verified: ReadonlyMap<string, number | undefined>;
  /** The NAS's clock: what is of a time that hasn't come counts for nothing. */
  readonly nowMs: number;
}

/**
 * Why some snapshots may not be deleted; undefined when they may. Of what a job had verified, the first snapshot after it is the one
 * that no later run has touched; as long as there is none, the newest is the last that has an earlier copy.
 */
export function whyKept(
  snapshots: readonly Snapshot[],
  asked: readonly string[],
  { atLeast, verified, nowMs }: Left,
): string | undefined {
  const past = snapshots.filter(({ atMs }) => atMs <= nowMs);
  const left = past.filter(({ name }) => !asked.includes(name));
  if (left.length < atLeast)
    return `${left.length} of ${past.length} snapshots would be left, and at least ${atLeast} ${atLeast === 1 ? "has" : "have"} to stay`;
  for (const [job, endMs] of verified) {
    if (endMs === undefined)
      return `${job} never had all of its copies there, verified: any snapshot may hold the only good one`;
    const first = past.find(({ atMs }) => atMs >= endMs);
    const last = first ?? past.at(-1);
    if (last === undefined || !asked.includes(last.name)) continue;
    return first
      ? `${last.name} is the first one after ${job} had all of its copies there, verified, at ${momentText(endMs)}: it is the last that surely holds them, until a later run is verified and a snapshot made after it`
      : `${last.name} is the newest, and no snapshot has yet what ${job} verified at ${momentText(endMs)}`;
  }
  return undefined;
}
