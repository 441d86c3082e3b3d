import { z } from "zod";

/** Generations of one kind: the newest run of each of the last `count` weeks or days. */
export const generations = z.strictObject({
  every: z.enum(["day", "week"]),
  count: z.int().min(1),
});
export type GenerationPolicy = z.infer<typeof generations>;
