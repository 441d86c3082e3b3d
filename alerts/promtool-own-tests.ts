import type { Plan } from "../plan";
import { parseDuration } from "../plan/units/duration";
import { estateRules } from "./groups";
import { evaluate } from "./promql/evaluate";
import type { Sample } from "./promql/sample";
import { readPromql } from "./promql/read";
import { selected } from "./promql/select";
import { type Expr, selectorsOf } from "./promql/syntax";
import { type AlertTests, expected, interval, minuteMs, testsOf } from "./promtool-tests";
import { exactly } from "./ranges";
import { type Series, seriesOf } from "./series";
import { matchers } from "./standing-rule";

/** Values that a metric may have, by which most conditions are true once and false once: an instant long ago among them. */
const tried = [0, 1, -1e9, 1e15];
const mostMetrics = 4;

/**
 * Tests of the estate's own alerts, whatever they say: silent for some values of their series, firing for others, both found by reckoning.
 * None of one for which no such are found.
 */
export function promtoolTestsOfOwn(plan: Plan): AlertTests[] {
  const own = new Set(plan.estate.monitoring.alerts.map(({ name }) => name));
  const index = seriesOf(plan);
  return estateRules(plan).flatMap(group =>
    group.rules
      .filter(({ alert }) => own.has(alert))
      .flatMap(rule => {
        const expr = readPromql(rule.expr);
        if (expr instanceof Error) return [];
        const series = [...new Set(selectorsOf(expr).flatMap(selector => selected(selector, index)))];
        const metrics = [...new Set(series.map(({ metric }) => metric))];
        if (metrics.length === 0 || metrics.length > mostMetrics) return [];
        const minute = Math.ceil(parseDuration(rule.for) / minuteMs) + 10;
        const given = choicesOf(metrics).map(values => ({
          values,
          fires: firing(expr, plan, values, minute),
        }));
        const silent = given.find(({ fires }) => fires?.length === 0);
        const ill = given.find(({ fires }) => fires?.some(({ sure }) => sure));
        if (!silent || !ill) return [];
        const test = (name: string, { values, fires = [] }: (typeof given)[number]) => ({
          ...{ name: `${rule.alert}: ${name}`, interval },
          input_series: series.map(one => ({
            series: `${one.metric}{${matchers(one.labels)}}`,
            values: `${values.get(one.metric) ?? 0}x${minute}`,
          })),
          alert_rule_test: [
            {
              ...{ eval_time: `${minute}m`, alertname: rule.alert },
              exp_alerts: fires.map(({ labels, range }) => expected(rule, labels, String(range.min))),
            },
          ],
        });
        return [testsOf(group, rule, [test("silent", silent), test("firing", ill)])];
      }),
  );
}

function choicesOf(metrics: readonly string[]): ReadonlyMap<string, number>[] {
  return metrics.reduce<Map<string, number>[]>(
    (choices, metric) => choices.flatMap(choice => tried.map(value => new Map([...choice, [metric, value]]))),
    [new Map()],
  );
}

/** What it gives where each metric has a value all the time; nothing where that isn't known. */
function firing(
  expr: Expr,
  plan: Plan,
  values: ReadonlyMap<string, number>,
  minute: number,
): readonly Sample[] | undefined {
  const valueAt = ({ metric }: Series) => exactly(values.get(metric) ?? 0);
  const course = { valueAt, valuesIn: () => undefined };
  const result = evaluate(expr, seriesOf(plan), {}, { atMs: minute * minuteMs, course });
  return result.kind === "vector" ? result.samples : undefined;
}
