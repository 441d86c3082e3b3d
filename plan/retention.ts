import { z } from "zod";
import { duration } from "./estate/fields";
import { parseDuration } from "./units/duration";

/** What is kept: the latest alone, all up to an age, or a number of generations. */
export type Retention =
  | { readonly kind: "latest" }
  | { readonly kind: "age"; readonly ms: number; readonly atLeast: number }
  | { readonly kind: "count"; readonly count: number; readonly every: "run" | "day" | "week" | "month" };

/** Retention as an estate has it: `{ age: "14d" }`, `{ count: 4, every: "week" }` or `{ latest: true }`. */
export const retention = z
  .strictObject({
    latest: z.literal(true).optional(),
    age: duration.optional(),
    atLeast: z.int().min(0).default(1).describe("Generations kept however old they are, with `age`"),
    count: z.int().min(1).optional(),
    every: z.enum(["run", "day", "week", "month"]).default("run").describe("What `count` counts"),
  })
  .superRefine((value, context) => {
    const kinds = [value.latest, value.age, value.count].filter(kind => kind !== undefined).length;
    if (kinds !== 1)
      context.addIssue({
        code: "custom",
        message: 'expected just one of "latest", "age" and "count". Example: { "age": "14d" }',
      });
  });

/** @param value a retention that the schema accepted */
export function retentionOf(value: z.output<typeof retention>): Retention {
  if (value.age !== undefined) return { kind: "age", ms: parseDuration(value.age), atLeast: value.atLeast };
  if (value.count !== undefined) return { kind: "count", count: value.count, every: value.every };
  return { kind: "latest" };
}
