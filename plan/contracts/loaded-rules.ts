import { z } from "zod";
import { ruleSum } from "./rule-sum";

/** Where Prometheus' own API has them. */
export const loadedRulesPath = "api/v1/rules?type=alert";

/** Alerts as Prometheus' own API has those that it evaluates; what else it says is left alone. */
export const loadedRules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.object({
            name: z.string(),
            query: z.string(),
            /** Seconds. */
            duration: z.number().default(0),
            labels: z.record(z.string(), z.string()).default({}),
            health: z.string().default("ok"),
            lastError: z.string().default(""),
          }),
        ),
      }),
    ),
  }),
});
export type LoadedGroup = z.output<typeof loadedRules>["data"]["groups"][number];

/** The sum of a rule by what Prometheus says of it. */
export function loadedSum({ query, duration, labels }: LoadedGroup["rules"][number]): string {
  return ruleSum({ expr: query, forS: duration, labels });
}
