import { stringify } from "yaml";
import type { Plan } from "../plan";
import type { Estate } from "../plan/estate/schema";
import { type Job, type JobAlert, metricOf } from "../plan/job";
import { healthyAge } from "../plan/staleness";
import { parseDuration } from "../plan/units/duration";
import { absenceTwins } from "./absence";
import { selectedLabels } from "./promql/labels";
import { type AlertRule, ownAlertsOf, rulesOf, selector } from "./rules";

const minuteMs = 60_000;
/** promtool takes a sample a minute; a rule looks back five minutes. */
const interval = "1m";

/** A unit test of rules, as `promtool test rules` reads it. */
interface RuleTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly {
    readonly eval_time: string;
    readonly alertname: string;
    readonly exp_alerts: readonly {
      exp_labels: Record<string, string>;
      exp_annotations: Record<string, string>;
    }[];
  }[];
}

/**
 * Tests of a job's alerts, as the text of a promtool test file: silent over the longest gap that the calendar leaves
 * (with DST) though the second run is late and as long as its budget; firing within the promise after one missed run;
 * firing at the first failure; firing when nothing was ever pushed. The tests' time begins with the gap. The job's own alerts
 * are silent at their limits and fire beyond them.
 * @param ruleFile path of the file with the job's rules, seen from the test file
 */
export function promtoolTests(job: Job, estate: Estate, ruleFile: string): string {
  const [failing, stale, absent] = rulesOf(job, estate).rules;
  if (!failing || !stale || !absent) throw new Error(`job ${job.name} lacks one of its three alerts`);
  const own = ownAlertsOf(job, estate).map((alert, index) => {
    const rule = rulesOf(job, estate).rules[3 + index];
    if (rule?.alert !== alert.name) throw new Error(`job ${job.name} has no rule for ${alert.name}`);
    return ownTest(job, alert, rule);
  });
  return fileOf(ruleFile, [
    failureTest(job, failing),
    staleTest(job, stale, estate),
    absentTest(absent),
    ...own,
  ]);
}

/** Tests of the twins of the estate's own alerts: each fires when its series have been gone for its time. */
export function promtoolTestsOfEstate(plan: Plan, ruleFile: string): string {
  return fileOf(
    ruleFile,
    absenceTwins(plan).map(({ rule }) => absentTest(rule)),
  );
}

function fileOf(ruleFile: string, tests: readonly RuleTest[]): string {
  const file = { rule_files: [ruleFile], evaluation_interval: interval, tests };
  return stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
}

function failureTest(job: Job, rule: AlertRule): RuleTest {
  const series = selector(job, metricOf(job, "status"));
  return {
    name: `${rule.alert}: silent after a success, firing after a failure`,
    interval,
    input_series: [{ series, values: "0+0x4 1+0x5" }],
    alert_rule_test: [
      { eval_time: "4m", alertname: rule.alert, exp_alerts: [] },
      { eval_time: "6m", alertname: rule.alert, exp_alerts: [expected(rule, selectedLabels(series))] },
    ],
  };
}

/** The last success is at 0 s, the next one comes as late as is healthy, and the one after that doesn't. */
function staleTest(job: Job, rule: AlertRule, estate: Estate): RuleTest {
  const { staleAfterMs, visibleAfterMs, rpoMs } = job.judged;
  const age = healthyAge(job.trigger, job.budgetMs, visibleAfterMs, estate.years);
  const series = selector(job, metricOf(job, "last-success"));
  const successMs = age.ms - visibleAfterMs;
  const seenMinute = Math.ceil(age.ms / minuteMs);
  const promisedMs = Math.floor((successMs + rpoMs) / minuteMs) * minuteMs;
  const after = Math.ceil(promisedMs / minuteMs) - seenMinute + 1;
  const ageAtPromiseS = (promisedMs - successMs) / 1000;
  const silent = (atMs: number) => ({
    eval_time: `${Math.floor(atMs / 1000)}s`,
    alertname: rule.alert,
    exp_alerts: [],
  });
  return {
    name: `${rule.alert}: silent from ${iso(age.gapFromMs)} to ${iso(age.gapToMs)}, firing after one miss`,
    interval,
    input_series: [{ series, values: `0+0x${seenMinute - 1} ${successMs / 1000}+0x${Math.max(after, 0)}` }],
    alert_rule_test: [
      silent(Math.floor(age.ms / minuteMs) * minuteMs),
      silent(Math.floor((successMs + staleAfterMs) / minuteMs) * minuteMs),
      {
        eval_time: `${promisedMs / 1000}s`,
        alertname: rule.alert,
        exp_alerts: [expected(rule, selectedLabels(series), humanizeDuration(ageAtPromiseS))],
      },
    ],
  };
}

/** One series, as it is at the limit, and then just beyond it for as long as the rule waits. */
function ownTest(job: Job, { metric, fires }: JobAlert, rule: AlertRule): RuleTest {
  const forMinutes = Math.ceil(parseDuration(rule.for) / minuteMs);
  const further = job.metrics.find(({ name }) => name === metric)?.labels ?? {};
  const labels = { job: job.metricsJob, instance: job.host, ...further };
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const isOld = fires.kind === "older";
  // The test begins just before the limit: promtool evaluates each minute of a month otherwise.
  const ageAtStart = isOld ? Math.max(Math.floor(fires.thanMs / minuteMs) - 4, 0) : 0;
  const limitMinute = isOld ? Math.floor(fires.thanMs / minuteMs) - ageAtStart : 4;
  const firingMinute = limitMinute + 1 + forMinutes;
  const beyond = isOld ? 0 : fires.than + (fires.kind === "above" ? 1 : -1);
  const values = isOld
    ? `${-ageAtStart * 60}+0x${firingMinute + 1}`
    : `${fires.than}+0x${limitMinute} ${beyond}+0x${forMinutes + 1}`;
  const value = isOld ? humanizeDuration((ageAtStart + firingMinute) * 60) : String(beyond);
  return {
    name: `${rule.alert}: silent at its limit, firing beyond it`,
    interval,
    input_series: [{ series: `${metric}{${matchers.join(",")}}`, values }],
    alert_rule_test: [
      { eval_time: `${limitMinute + forMinutes}m`, alertname: rule.alert, exp_alerts: [] },
      {
        eval_time: `${firingMinute}m`,
        alertname: rule.alert,
        exp_alerts: [expected(rule, labels, value)],
      },
    ],
  };
}

function absentTest(rule: AlertRule): RuleTest {
  const forMs = parseDuration(rule.for);
  const firingMinute = Math.ceil(forMs / minuteMs) + 1;
  return {
    name: `${rule.alert}: firing when its series have been gone for ${rule.for}`,
    interval,
    input_series: [],
    alert_rule_test: [
      { eval_time: `${Math.max(firingMinute - 2, 0)}m`, alertname: rule.alert, exp_alerts: [] },
      {
        eval_time: `${firingMinute}m`,
        alertname: rule.alert,
        exp_alerts: absentLabels(rule.expr).map(labels => expected(rule, labels)),
      },
    ],
  };
}

/** Labels of each series that an expression of absent(...) or absent(...) gives. */
function absentLabels(expr: string): Record<string, string>[] {
  return expr.split(" or ").map(part => selectedLabels(part));
}

function expected(rule: AlertRule, labels: Record<string, string>, value = "") {
  return {
    exp_labels: { ...labels, ...rule.labels },
    exp_annotations: Object.fromEntries(
      Object.entries(rule.annotations).map(([name, text]) => [
        name,
        text
          .replace(/\{\{ \$value( \| humanizeDuration)? \}\}/g, value)
          .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? ""),
      ]),
    ),
  };
}

/** As Prometheus' template function prints seconds from one minute on. */
function humanizeDuration(seconds: number): string {
  const whole = Math.trunc(seconds);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(Math.max(first, 0))
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
