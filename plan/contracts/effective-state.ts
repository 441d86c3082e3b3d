import { z } from "zod";
import { inForce } from "./in-force";
import { jobMetrics, type Metric, partMetric } from "./metric";
import { absolutePath, runnerFields } from "./runner";

export const effectiveStateJobName = "effective-state";

/** What the runner `effective-state` reads from its release's config.json. Times in ms. */
export const effectiveStateConfig = z.strictObject({
  job: z.literal(effectiveStateJobName),
  ...runnerFields,
  /** All that is compared. */
  declared: z.array(inForce),
  /** What differs is looked at once more so long after: a deployment changes several things, one after the other. */
  settleMs: z.int().nonnegative(),
  /** Textfile with what differs. */
  differsTextfile: absolutePath,
});
export type EffectiveStateConfig = z.infer<typeof effectiveStateConfig>;

export const effectiveStateMetricNames = {
  declared: "effective_state_declared",
  differing: "effective_state_differing",
  differs: "effective_state_differs",
} as const;

function looked<const Name extends string>(name: Name, help: string) {
  return { name, help, emitted: "any-end", meaning: "other" } as const satisfies Metric<Name>;
}

/** What a look says; one that couldn't ask leaves it as it was. */
export const effectiveStateMetrics = jobMetrics("effective_state", [
  looked(effectiveStateMetricNames.declared, "Things of the host that were read back"),
  looked(effectiveStateMetricNames.differing, "Of these, how many aren't as they are declared"),
]);

/** What isn't as it is declared, by what it is called and who said so: 1 where it differs. */
export const differsMetric = {
  ...partMetric(
    "differs",
    effectiveStateMetricNames.differs,
    "1 where what is in force isn't what is declared",
    ["subject", "kind"],
  ),
  well: 0,
};
