import type { Plan } from "../plan";
import { anyValue } from "../plan/contracts/metric";
import type { AlertSpec } from "../plan/estate/monitoring";
import { parseDuration } from "../plan/units/duration";
import { estateRule } from "./estate-rule";
import { PromqlSyntaxError } from "./promql/parse";
import { readPromql } from "./promql/read";
import { selected } from "./promql/select";
import { isComparison, selectorsOf, walk } from "./promql/syntax";
import { type AlertRule, promDuration } from "./rules";
import { type Series, seriesOf } from "./series";

/** The alert that fires when the series of one of the estate's own alerts are gone. */
export interface AbsenceRule {
  /** Alert of the estate that it stands beside. */
  readonly of: string;
  readonly rule: AlertRule;
  readonly severity: "warning" | "critical";
  readonly receiver?: string;
}

/** A target that is scraped anew, or a mount that comes back, needs a while: no absence alert fires sooner. */
const leastForMs = 15 * 60_000;

/**
 * Absence alerts of the estate's own ones. A comparison with a series that doesn't exist is silent, so an unmounted disk or a
 * dead exporter would look like a healthy one. Jobs' series have the jobs' own `Absent` alerts.
 */
export function absenceRules(plan: Plan): readonly AbsenceRule[] {
  const found = known.get(plan) ?? allRules(plan);
  known.set(plan, found);
  return found;
}

const known = new WeakMap<Plan, readonly AbsenceRule[]>();

function allRules(plan: Plan): AbsenceRule[] {
  const told = new Set<string>();
  return plan.estate.monitoring.alerts.flatMap(spec => {
    if (!spec.absence) return [];
    const exprs = uncovered(spec, plan)
      .map(series => `absent(${selectorText(series)})`)
      .filter(expr => !told.has(expr));
    if (exprs.length === 0) return [];
    for (const expr of exprs) told.add(expr);
    return [ruleOf(spec, exprs.join(" or "), plan)];
  });
}

/** Series of exporters that an alert compares, and whose absence no alert of the estate watches for; one of each target. */
export function uncovered(spec: AlertSpec, plan: Plan): Series[] {
  const watched = watchedIn(plan);
  const byTarget = new Map<string, Series>();
  for (const series of comparedSeries(spec.expr, plan)) {
    if (series.kind !== "exporter") continue;
    // An exporter's metrics with the same labels come and go together.
    const target = JSON.stringify(Object.entries(series.labels).sort());
    const known = byTarget.get(target);
    if (!known || watched.has(series)) byTarget.set(target, series);
  }
  return [...byTarget.values()].filter(series => !watched.has(series));
}

const watchedSeries = new WeakMap<Plan, ReadonlySet<Series>>();

/** Series whose absence an alert of the estate watches for, read once for all of its alerts. */
function watchedIn(plan: Plan): ReadonlySet<Series> {
  const found =
    watchedSeries.get(plan) ??
    new Set(plan.estate.monitoring.alerts.flatMap(other => absentSeries(other.expr, plan)));
  watchedSeries.set(plan, found);
  return found;
}

function comparedSeries(text: string, plan: Plan): Series[] {
  const expr = readPromql(text);
  if (expr instanceof PromqlSyntaxError) return [];
  const compared = [...walk(expr)].filter(isComparison).flatMap(selectorsOf);
  return [...new Set(compared)].flatMap(selector => selected(selector, seriesOf(plan)));
}

/** Series whose absence an expression sees: those of absent() over a selector that selects just one. */
function absentSeries(text: string, plan: Plan): Series[] {
  const expr = readPromql(text);
  if (expr instanceof PromqlSyntaxError) return [];
  return [...walk(expr)].flatMap(part => {
    if (part.kind !== "call" || !/^absent/.test(part.name)) return [];
    return part.args.flatMap(selectorsOf).flatMap(selector => {
      const found = selected(selector, seriesOf(plan));
      return found.length === 1 ? found : [];
    });
  });
}

function ruleOf(spec: AlertSpec, expr: string, plan: Plan): AbsenceRule {
  const rule = estateRule({ ...spec, name: `${spec.name}Absent`, expr }, plan);
  return {
    of: spec.name,
    rule: {
      ...rule,
      for: promDuration(Math.max(parseDuration(spec.for), leastForMs)),
      annotations: {
        ...rule.annotations,
        summary: `${spec.name} can't be judged: Prometheus no longer gets what it looks at`,
      },
    },
    severity: spec.severity,
    ...(spec.receiver === undefined ? {} : { receiver: spec.receiver }),
  };
}

function selectorText({ metric, labels }: Series): string {
  const matchers = Object.entries(labels)
    .filter(([, value]) => value !== anyValue)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${metric}{${matchers.join(",")}}`;
}
