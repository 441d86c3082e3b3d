import { z } from "zod";

/** An alert as Prometheus' operator has it. */
export interface SeenAlert {
  readonly alert: string;
  readonly expr: string;
  /** As PromQL writes a duration, or 0; absent for at once. */
  readonly for?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** A group of rules of the cluster; rules that record are left out. */
export interface SeenGroup {
  /** Namespace and name of the PrometheusRule that has it. */
  readonly object: string;
  readonly name: string;
  readonly alerts: readonly SeenAlert[];
}

/** A PrometheusRule as the API has it; what else it says is left alone. */
export const prometheusRule = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string() }),
  spec: z
    .object({
      groups: z
        .array(
          z.object({
            name: z.string(),
            rules: z
              .array(
                z.object({
                  alert: z.string().optional(),
                  expr: z.union([z.string(), z.number()]).transform(String),
                  for: z.string().optional(),
                  labels: z.record(z.string(), z.string()).default({}),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    })
    .default({ groups: [] }),
});

export function groupsIn({ metadata, spec }: z.output<typeof prometheusRule>): SeenGroup[] {
  return spec.groups.map(({ name, rules }) => ({
    object: `${metadata.namespace}/${metadata.name}`,
    name,
    alerts: rules.flatMap(({ alert, ...rule }) => (alert === undefined ? [] : [{ alert, ...rule }])),
  }));
}
