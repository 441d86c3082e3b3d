import type { Plan } from "../plan";
import { type Copy, chainOf } from "../plan/graph/copies";
import type { Flow } from "../plan/job";
import { copiesIn } from "../plan/graph/copies-in";
import { deviceOf } from "./protection";

/** Two copies of the same bytes that come to one device from elsewhere, the one with the shorter way first. */
export type Pair = readonly [Copy, Copy];

const known = new WeakMap<Plan, readonly Pair[]>();

/** The first such pair of each dataset, nearest to the original. */
export function doubledCopies(plan: Plan): readonly Pair[] {
  const found = known.get(plan) ?? [...copiesIn(plan).values()].flatMap(copies => firstPair(copies) ?? []);
  known.set(plan, found);
  return found;
}

/** Copies that are made on the second of two ways alone, and what is copied from them. */
export function superfluousCopies(plan: Plan): ReadonlySet<Copy> {
  const found = new Set<Copy>();
  for (const [kept, superfluous] of doubledCopies(plan)) {
    const needed = new Set(chainOf(kept));
    for (const copy of copiesIn(plan).get(superfluous.dataset) ?? [])
      if (!needed.has(copy) && chainOf(copy).includes(superfluous)) found.add(copy);
    for (const copy of chainOf(superfluous)) if (!needed.has(copy)) found.add(copy);
  }
  return found;
}

function firstPair(copies: readonly Copy[]): [Pair] | undefined {
  const seen = new Map<string, Copy>();
  for (const copy of copies) {
    if (deviceOf(copy.location) === deviceOf(copy.from?.location ?? copy.dataset.location)) continue;
    const key = `${deviceOf(copy.location)} ${formOf(copy)}`;
    const earlier = seen.get(key);
    if (earlier) return [[earlier, copy]];
    seen.set(key, copy);
  }
  return undefined;
}

/**
 * What made the bytes: a tree's copier leaves them as they are; a dump, a snapshot's files and a SQLite copy differ, and
 * so do a week's generations and a day's.
 */
function formOf(copy: Copy): string {
  return chainOf(copy)
    .filter(({ flow }) => flow.source.kind !== "tree")
    .map(({ job, flow }) => `${job.host}/${job.name}:${flow.target.path}:${periodsOf(flow)}`)
    .join(" > ");
}

function periodsOf({ retention }: Flow): string {
  return retention.kind === "count" ? retention.every : "";
}
