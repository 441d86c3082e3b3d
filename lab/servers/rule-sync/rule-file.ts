import { stringify } from "yaml";
import type { PrometheusRule } from "./objects";

/** File name of an object's rules: unique over namespaces, and new when the object was deleted and made again. */
export function ruleFileName({
  metadata: { namespace, name, uid },
}: Pick<PrometheusRule, "metadata">): string {
  return `${namespace}-${name}-${uid}.yaml`;
}

/**
 * Text of a Prometheus rule file. Fields that are Thanos' own or newer than Prometheus 2.42 are left out, and so are
 * empty durations, as the operator does.
 */
export function ruleFileText({ spec }: PrometheusRule): string {
  const groups = spec.groups.map(({ name, interval, limit, rules }) => ({
    name,
    ...(interval ? { interval } : {}),
    ...(limit === undefined ? {} : { limit }),
    rules: rules.map(({ for: held, expr, ...rest }) => ({
      ...rest,
      expr: String(expr),
      ...(held ? { for: held } : {}),
    })),
  }));
  // Prometheus reads YAML 1.1, where a bare `yes` or `12:30` is no text.
  return stringify({ groups }, { version: "1.1", lineWidth: 0 });
}
