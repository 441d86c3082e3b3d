import { z } from "zod";

const percent = z
  .number()
  .min(0, "expected a share in percent, 0 to 100")
  .max(100, "expected a share in percent, 0 to 100")
  .refine(
    share => share === 0 || share >= 1,
    "is less than one in a hundred. Expected percent, e.g. 20 where a fifth is meant",
  );

/** From which loss on what a job has a copy of counts as emptied by mistake or overwritten by somebody. */
export const collapseLimits = z.strictObject({
  /** It holds less than that share of what its copy holds. */
  leastPercent: percent,
  /** More than that share of what its copy has is gone or has another content; new files don't count. */
  mostChangedPercent: percent,
});
export type CollapseLimits = z.infer<typeof collapseLimits>;

/** What no ordinary day does. */
export const usualCollapse: CollapseLimits = { leastPercent: 20, mostChangedPercent: 90 };
