import { ruleGroups } from "../../alerts/groups";
import { durationMs } from "../../alerts/promql/literals";
import { readPromql } from "../../alerts/promql/read";
import { selected } from "../../alerts/promql/select";
import { type Selector, selectorsOf } from "../../alerts/promql/syntax";
import { type SeriesIndex, seriesOf } from "../../alerts/series";
import { catalogue, type Finding } from "../../checks";
import type { Plan } from "../../plan";
import { slipOf } from "../../plan/contracts/near";
import type { AlertSpec } from "../../plan/estate/monitoring";
import { formatDuration } from "../../plan/units/duration";
import { loadedFindings } from "./loaded";
import type { SeenAlert, SeenGroup } from "./prometheus-rule";
import type { Seen } from "./seen";

/** Rules of the plan that are others in the cluster, and rules of others' that speak of the plan's jobs. */
export function ruleFindings(
  plan: Plan,
  { clusters, allClusters, loaded }: Pick<Seen, "clusters" | "allClusters" | "loaded">,
  nowMs: number,
): Finding[] {
  const groups = clusters.flatMap(cluster => cluster.groups);
  const planned = new Map(ruleGroups(plan).map(group => [group.name, group.rules] as const));
  const own = groups.filter(({ name }) => planned.has(name));
  const others = groups.filter(({ name }) => !planned.has(name));
  // Of a cluster that wasn't asked, Prometheus and the objects may be: what another one's has loaded says nothing of these.
  const isTold = own.length > 0 || allClusters || plan.estate.monitoring.prometheus !== undefined;
  return [
    // Where none is there, Prometheus may get them as a file.
    ...(own.length === 0 ? [] : missing([...planned.keys()], own)),
    ...own.flatMap(group => changed(group, planned.get(group.name) ?? [])),
    ...(loaded && isTold ? loadedFindings(own.length === 0 ? inFile(planned) : own, loaded) : []),
    ...foreign(plan, others, nowMs),
  ];
}

function inFile(planned: ReadonlyMap<string, readonly SeenAlert[]>): SeenGroup[] {
  return [...planned].map(([name, alerts]) => ({ object: "the plan's file of rules", name, alerts }));
}

function missing(names: readonly string[], own: readonly SeenGroup[]): Finding[] {
  const there = new Set(own.map(({ name }) => name));
  return names
    .filter(name => !there.has(name))
    .map(name =>
      differs(name, `No PrometheusRule of the cluster has the group ${name}: none of its alerts can fire.`),
    );
}

function changed({ object, name, alerts }: SeenGroup, planned: readonly SeenAlert[]): Finding[] {
  const names = new Set([...planned, ...alerts].map(({ alert }) => alert));
  return [...names].flatMap(alert => {
    const [wanted, seen] = [planned, alerts].map(rules => rules.find(rule => rule.alert === alert));
    const where = `${alert} of group ${name} in ${object}`;
    if (wanted === undefined) return [differs(alert, `${where} isn't the plan's: somebody added it there.`)];
    if (seen === undefined) return [differs(alert, `${alert} is missing in group ${name} of ${object}.`)];
    if (textOf(wanted) === textOf(seen)) return [];
    return [differs(alert, `${where} is ${textOf(seen)} there, and ${textOf(wanted)} in the plan.`)];
  });
}

/** By its labels it is routed: with others, nobody may hear of it. */
function textOf({ expr, for: wait, labels }: SeenAlert): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return `\`${expr}\` for ${formatDuration(waitMs(wait))} with ${sorted.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(", ") || "no labels"}`;
}

/** The one duration without a unit that Prometheus reads is 0. */
function waitMs(wait = "0"): number {
  return wait === "0" ? 0 : durationMs(wait);
}

function differs(subject: string, message: string): Finding {
  return {
    ...{ code: "live/rule-differs", severity: "error", subject, message },
    fix: "pulumi up --refresh; what was meant there belongs in the estate.",
    evidence: {},
  };
}

/** Rules that speak of what a job of the plan pushes are judged as an alert of the estate's own is. */
function foreign(plan: Plan, groups: readonly SeenGroup[], nowMs: number): Finding[] {
  const pushed = new Set(plan.jobs.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  const index = seriesOf(plan);
  const [receiver] = Object.keys(plan.estate.receivers);
  const alerts = groups.flatMap(({ object, alerts }) =>
    alerts
      .filter(({ expr }) => speaksOf(expr, pushed, index))
      .map((rule): AlertSpec => ({
        name: `${rule.alert} (${object})`,
        expr: rule.expr,
        for: formatDuration(waitMs(rule.for)),
        severity: "warning",
        // Who hears of it, and by which page, is nothing of the estate's.
        ...{ receiver, runbook: true, absence: false },
      })),
  );
  const monitoring = { ...plan.estate.monitoring, alerts: [...plan.estate.monitoring.alerts, ...alerts] };
  const judged = { ...plan, estate: { ...plan.estate, monitoring } };
  const names = new Set(alerts.map(({ name }) => name));
  return catalogue
    .filter(({ code }) => code.startsWith("alerts/"))
    .flatMap(check => check.run(judged, nowMs))
    .filter(({ subject }) => names.has(subject));
}

/** One that can't be read is the business of whoever wrote it: the operator's own admission refuses such. */
function speaksOf(expr: string, pushed: ReadonlySet<string>, index: SeriesIndex): boolean {
  const parsed = readPromql(expr);
  if (parsed instanceof Error) return false;
  return selectorsOf(parsed).some(
    selector =>
      pushed.has(selector.metric ?? "") && (selected(selector, index).length > 0 || isSlip(selector, index)),
  );
}

/** Others push a metric of that name, too: one that selects none of the plan's series is about these, unless one of its values is a slip. */
function isSlip({ metric, matchers }: Selector, index: SeriesIndex): boolean {
  const series = index.get(metric ?? "") ?? [];
  return matchers.some(({ label, op, value }) => {
    const known = series.flatMap(({ labels }) => labels[label] ?? []);
    return op === "=" && !known.includes(value) && slipOf(value, known) !== undefined;
  });
}
