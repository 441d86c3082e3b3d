import { z } from "zod";
import type { GenerationPolicy } from "./contracts/generations";
import type { KeepPolicy } from "./contracts/keep-policy";
import { duration } from "./estate/fields";
import { parseDuration } from "./units/duration";

/** What one tier counts: runs, or the newest run of each hour, day, ISO week or month. */
const every = z
  .enum(["run", "hour", "day", "week", "month"])
  .describe("What is counted: runs, or the newest of each hour, day, ISO week or month");
export type Every = z.infer<typeof every>;

/** The newest generation of each of the last `count` runs, hours, days, weeks or months. */
export interface Tier {
  readonly count: number;
  readonly every: Every;
}

/** What is kept: the latest alone, all up to an age, a number of generations, or what any of several numbers asks for. */
export type Retention =
  | { readonly kind: "latest" }
  | { readonly kind: "age"; readonly ms: number; readonly atLeast: number }
  | ({ readonly kind: "count" } & Tier)
  | { readonly kind: "tiers"; readonly tiers: readonly Tier[] };

const count = z.int().min(1).describe("How many generations are kept");
const tier = z.strictObject({ count, every });

/**
 * Retention as an estate has it: `{ age: "14d" }`, `{ count: 4, every: "week" }`, `{ latest: true }` or
 * `{ tiers: [{ count: 24, every: "hour" }, { count: 7, every: "day" }] }`.
 */
export const retention = z
  .strictObject({
    latest: z.literal(true).optional().describe("The newest alone"),
    age: duration.optional().describe("All that are younger"),
    atLeast: z.int().min(0).default(1).describe("Generations kept however old they are, with `age`"),
    count: count.optional(),
    every: every.default("run").describe("What `count` counts"),
    tiers: z
      .array(tier)
      .min(1)
      .optional()
      .describe("Several counts: a generation stays while one of them wants it"),
  })
  .superRefine((value, context) => {
    const kinds = [value.latest, value.age, value.count, value.tiers].filter(
      kind => kind !== undefined,
    ).length;
    if (kinds !== 1)
      context.addIssue({
        code: "custom",
        message: 'expected just one of "latest", "age", "count" and "tiers". Example: { "age": "14d" }',
      });
  })
  .describe('What is kept: just one of "latest", "age", "count" and "tiers", e.g. { "age": "14d" }');
type RetentionSpec = z.output<typeof retention>;

/** Generations in folders that are named after the day or the ISO week: no other retention is possible there. */
export const generationsByPeriod = retention.superRefine((value, context) => {
  if (!isByPeriod(value))
    context.addIssue({
      code: "custom",
      message:
        'is kept in one folder a day or a week: expected a "count" of "every" day or week. Example: { "count": 4, "every": "week" }',
    });
});

/** @param value a retention that the schema accepted */
export function retentionOf(value: RetentionSpec): Retention {
  if (value.age !== undefined) return { kind: "age", ms: parseDuration(value.age), atLeast: value.atLeast };
  if (value.count !== undefined) return { kind: "count", count: value.count, every: value.every };
  if (value.tiers !== undefined) return { kind: "tiers", tiers: value.tiers };
  return { kind: "latest" };
}

/** The same retention for a runner. */
export function keepPolicyOf(kept: Retention): KeepPolicy {
  switch (kept.kind) {
    case "latest":
      return { kind: "tiers", tiers: [{ every: "run", count: 1 }] };
    case "age":
      // Whatever the estate says, a runner never deletes the newest.
      return { kind: "age", ms: kept.ms, atLeast: Math.max(1, kept.atLeast) };
    case "count":
      return { kind: "tiers", tiers: [{ every: kept.every, count: kept.count }] };
    case "tiers":
      return { kind: "tiers", tiers: kept.tiers.map(({ every: each, count }) => ({ every: each, count })) };
  }
}

/** @throws {Error} when `generationsByPeriod` would have refused it */
export function generationPolicyOf(value: RetentionSpec): GenerationPolicy {
  if (!isByPeriod(value)) throw new Error("the schema let a retention through that isn't by days or weeks");
  return { every: value.every, count: value.count };
}

function isByPeriod(value: RetentionSpec): value is RetentionSpec & GenerationPolicy {
  return value.count !== undefined && (value.every === "day" || value.every === "week");
}
