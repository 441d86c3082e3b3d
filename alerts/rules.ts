import type { Plan } from "../plan";
import { annotationsOf } from "./annotations";
import { fullSoon } from "./full-soon";
import { trendOf } from "./trend";
import { alertStem } from "../plan/alert-stem";
import { aheadS } from "../plan/contracts/metric";
import { type Job, type JobAlert, type Metric, metricOf } from "../plan/job";
import type { Estate } from "../plan/estate/schema";
import { parseDuration } from "../plan/units/duration";

/** One alerting rule, in the shape that Prometheus and a PrometheusRule share. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** PromQL duration, e.g. "300s". */
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules of one job, evaluated together. */
export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly AlertRule[];
}

/** A job's alerts: those that every job has (it failed, it hasn't succeeded for too long, it is unheard of), its own, and what its runs' times say. */
export function rulesOf(job: Job, plan: Plan): RuleGroup {
  const { estate } = plan;
  const stem = stemOf(job);
  const status = metricOf(job, "status");
  const success = metricOf(job, "last-success");
  const trend = trendOf(job, metric => selector(job, metric));
  const staleAfterS = Math.round(job.judged.staleAfterMs / 1000);
  // The operator's Alertmanager gives an AlertmanagerConfig only what carries its own namespace (matcher strategy
  // OnNamespace, the default), so every rule has the namespace of these objects.
  const rule = (alert: string, expr: string, forMs: number, summary: string): AlertRule => ({
    alert,
    expr,
    for: promDuration(forMs),
    labels: {
      severity: job.judged.severity,
      receiver: job.judged.receiver,
      holdfast_job: job.name,
      namespace: estate.monitoring.namespace,
    },
    annotations: annotationsOf(
      { alert, summary, description: lookAt(job), job, receiver: job.judged.receiver },
      plan,
    ),
  });
  return {
    name: `holdfast-${job.host}-${job.name}`,
    interval: promDuration(parseDuration(estate.monitoring.evaluationInterval)),
    rules: [
      rule(
        `${stem}Failing`,
        `${selector(job, status)} != 0`,
        0,
        `${job.name} on ${job.host} failed${failedSays(job)}${formerly(job, "Failing")}`,
      ),
      rule(
        `${stem}Stale`,
        olderThan(selector(job, success), staleAfterS),
        job.judged.forMs,
        `${job.name} on ${job.host} has not succeeded for {{ $value | humanizeDuration }}, the limit is ${staleAfterS} s${formerly(job, "Stale")}`,
      ),
      // A comparison with a series that doesn't exist is silent, so absence has an alert of its own. It waits as long as
      // a first run may take to come, or every deployment would fire it.
      rule(
        `${stem}Absent`,
        `absent(${selector(job, success)})`,
        job.judged.staleAfterMs,
        `${job.name} on ${job.host} has never reported a success to Prometheus${formerly(job, "Absent")}`,
      ),
      ...ownAlertsOf(job, estate).map(alert =>
        rule(alert.name, ownExpr(job, alert), job.judged.forMs, alert.summary),
      ),
      ...(trend ? [rule(trendAlert(job), trend.expr, trend.forMs, trend.summary)] : []),
    ],
  };
}

/** What a drill tried may be the last copy that was taken for good. */
function failedSays({ drills, provesDumpsOf }: Job): string {
  return drills || provesDumpsOf !== undefined
    ? ": a copy did not come back as it is to be, or was not tried; its log says which"
    : "; the last good copy is kept";
}

/** The name that people, their filters and their pages may still know it by. */
function formerly({ judged: { alertsFormerly } }: Job, what: string): string {
  return alertsFormerly === undefined ? "" : ` (formerly ${alertsFormerly}${what})`;
}

/** What shows how its last runs went, to be typed where it runs. */
function lookAt({ name, host, deployment }: Job): string {
  switch (deployment.kind) {
    case "timer":
    case "service":
      return `On ${host}: systemctl status ${name}.service; journalctl -u ${name}.service -n 50`;
    case "cronjob": {
      const { namespace } = deployment.pod;
      const ours = `--namespace ${namespace} --selector holdfast.io/job=${name}`;
      return `kubectl get cronjob,job,pod ${ours}; kubectl logs ${ours} --all-containers --tail 50`;
    }
    case "planned":
      return `Holdfast plans ${name} and doesn't install it: look where you run it`;
    default:
      return deployment satisfies never;
  }
}

/** The alerts that are the job's alone, without those that the estate has one of its own for. */
export function ownAlertsOf(job: Job, estate: Estate): JobAlert[] {
  const taken = new Set(estate.monitoring.alerts.map(({ name }) => name));
  return job.alerts.filter(({ name }) => !taken.has(name));
}

function ownExpr(job: Job, { metric, fires }: JobAlert): string {
  const series = selector(job, { name: metric });
  switch (fires.kind) {
    case "older":
      return olderThan(series, Math.round(fires.thanMs / 1000));
    case "ends":
      return `${series} - time() < ${Math.round(fires.withinMs / 1000)}`;
    case "below":
      return `${series} < ${fires.than}`;
    case "above":
      return `${series} > ${fires.than}`;
    case "full-soon":
      return fullSoon(series);
    default:
      return fires satisfies never;
  }
}

/** An instant that is too long ago; or one that hasn't come: told by a clock that was ahead, it is silent about its age until then. */
function olderThan(series: string, seconds: number): string {
  const age = `time() - ${series}`;
  return `${age} > ${seconds} or ${age} < -${aheadS}`;
}

/** A duration as Prometheus reads it; it has no "min". */
export function promDuration(ms: number): string {
  return `${Math.round(ms / 1000)}s`;
}

/** Selector of a job's own series. Instance is the host's name, as the runner pushes it. */
export function selector(job: Job, metric: Pick<Metric, "name">): string {
  return `${metric.name}{job="${job.metricsJob}",instance="${job.host}"}`;
}

/** What the alert of a job whose runs grow towards its budget is called. */
export function trendAlert(job: Job): string {
  return `${stemOf(job)}OverBudgetSoon`;
}

/** What the names of a job's alerts begin with. */
export function stemOf({ name, judged }: Job): string {
  return alertStem(name, judged.alertsCalled);
}
