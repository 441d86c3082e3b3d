import { z } from "zod";
import { periodOf } from "./period";

/** How long generations or snapshots are kept on a host. */
export const keepPolicy = z.discriminatedUnion("kind", [
  /** All up to an age, and the newest few however old they are. */
  z.strictObject({ kind: z.literal("age"), ms: z.int().positive(), atLeast: z.int().min(1) }),
  /** The newest one of each of the last `count` runs, hours, days, weeks or months; a generation stays while one tier wants it. */
  z.strictObject({
    kind: z.literal("tiers"),
    tiers: z
      .array(
        z.strictObject({
          every: z.enum(["run", "hour", "day", "week", "month"]),
          count: z.int().min(1),
        }),
      )
      .min(1),
  }),
]);
export type KeepPolicy = z.infer<typeof keepPolicy>;

/**
 * What a policy no longer keeps of the generations of one thing. The newest is never among it.
 * @param oldestFirst in the order in which they were made, whatever their clock said
 * @param timeOf when one was made, as epoch ms; one from the future, made while the clock was wrong, is kept by age
 * @param zone IANA zone in which days and weeks are counted
 */
export function expired<T>(
  oldestFirst: readonly T[],
  timeOf: (generation: T) => number,
  policy: KeepPolicy,
  nowMs: number,
  zone: string,
): T[] {
  const kept = new Set(policy.kind === "age" ? [] : keptByTiers(oldestFirst, timeOf, policy.tiers, zone));
  const newest = oldestFirst.length - 1;
  return oldestFirst.filter((generation, index) => {
    if (index === newest) return false;
    if (policy.kind === "tiers") return !kept.has(generation);
    return index <= newest - policy.atLeast && nowMs - timeOf(generation) > policy.ms;
  });
}

type Tier = Extract<KeepPolicy, { kind: "tiers" }>["tiers"][number];

function keptByTiers<T>(
  oldestFirst: readonly T[],
  timeOf: (generation: T) => number,
  tiers: readonly Tier[],
  zone: string,
): T[] {
  const newestFirst = [...oldestFirst].reverse();
  return tiers.flatMap(({ every, count }) => {
    if (every === "run") return newestFirst.slice(0, count);
    const seen = new Set<string>();
    return newestFirst.filter(generation => {
      const period = periodOf(timeOf(generation), every, zone);
      if (seen.has(period) || seen.size >= count) return false;
      seen.add(period);
      return true;
    });
  });
}
