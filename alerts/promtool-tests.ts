import { stringify } from "yaml";
import type { Plan } from "../plan";
import type { Estate } from "../plan/estate/schema";
import { type Job, type JobAlert, metricOf } from "../plan/job";
import { healthyAge } from "../plan/staleness";
import { parseDuration } from "../plan/units/duration";
import { reckonedAfterMs } from "./full-soon";
import { selectedLabels } from "./promql/labels";
import { type AlertRule, ownAlertsOf, type RuleGroup, rulesOf, selector, trendAlert } from "./rules";
import { matchers } from "./standing-rule";

export const minuteMs = 60_000;
/** promtool takes a sample a minute; a rule looks back five minutes. */
export const interval = "1m";
/** How often a rule is evaluated while nothing is there. */
const absentLooks = 20;

/** A unit test of rules, as `promtool test rules` reads it. */
export interface RuleTest {
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

/** The tests of one alert. promtool evaluates all rules of a file in each minute of its tests, so each has files of its own. */
export interface AlertTests {
  /** What is tested, for a file called `<alert>.rules.yml` beside that of the tests. */
  readonly group: RuleGroup;
  readonly alert: string;
  /** Text of a promtool test file. */
  readonly text: string;
}

/**
 * Tests of a job's alerts: silent at the end of the longest gap that the calendar leaves (with DST) though the second run is
 * late and as long as its budget; firing within the promise after one missed run; firing at the first failure; firing when
 * nothing was ever pushed. The job's own alerts are silent at their limits and fire beyond them.
 */
export function promtoolTests(job: Job, plan: Plan): AlertTests[] {
  const { estate } = plan;
  const group = rulesOf(job, plan);
  const [failing, stale, absent] = group.rules;
  if (!failing || !stale || !absent) throw new Error(`job ${job.name} lacks one of its three alerts`);
  const own = ownAlertsOf(job, estate).map((alert, index) => {
    const rule = group.rules[3 + index];
    if (rule?.alert !== alert.name) throw new Error(`job ${job.name} has no rule for ${alert.name}`);
    const series = seriesText(job, alert.metric);
    switch (alert.fires.kind) {
      case "full-soon":
        return fullSoonTestsOf(group, rule, series);
      case "ends":
        return testsOf(group, rule, endsTests(series, alert.fires.withinMs, rule));
      default:
        return testsOf(group, rule, ownTests(series, alert.fires, rule));
    }
  });
  return [
    testsOf(group, failing, [failureTest(job, failing)]),
    testsOf(group, stale, [
      ...staleTests(job, stale, estate),
      aheadTest(stale, selector(job, metricOf(job, "last-success"))),
    ]),
    absentTestsOf(group, absent),
    ...own,
    ...trendTests(job, group),
  ];
}

/** @param evaluated how often */
export function testsOf(
  group: RuleGroup,
  rule: AlertRule,
  tests: readonly RuleTest[],
  evaluated = interval,
): AlertTests {
  const file = { rule_files: [`${rule.alert}.rules.yml`], evaluation_interval: evaluated, tests };
  const text = stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
  return { group: { ...group, rules: [rule] }, alert: rule.alert, text };
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

/**
 * The next success after one comes as late as is healthy, and the one after that doesn't. Each test begins just before what
 * it looks at, long enough for an alert that waits to have fired: promtool evaluates each minute of days otherwise.
 */
function staleTests(job: Job, rule: AlertRule, estate: Estate): RuleTest[] {
  const { staleAfterMs, visibleAfterMs, rpoMs } = job.judged;
  const age = healthyAge(job.trigger, job.budgetMs, visibleAfterMs, estate.years);
  const series = selector(job, metricOf(job, "last-success"));
  const before = Math.ceil(parseDuration(rule.for) / minuteMs) + 5;
  const oldest = Math.floor(age.ms / minuteMs);
  const limit = Math.floor(staleAfterMs / minuteMs);
  const promised = Math.floor(rpoMs / minuteMs);
  /** What the series has while the age goes from one minute to another, and when it has come to a minute. */
  const from = (first: number, last: number) => {
    const start = Math.max(first, 0);
    return {
      input_series: [{ series, values: `${-start * 60}+0x${Math.max(last - start, 0) + 1}` }],
      at: (minute: number) => ({ eval_time: `${minute - start}m`, alertname: rule.alert }),
    };
  };
  const gap = from(oldest - before, oldest);
  const missed = from(limit - before, promised);
  return [
    {
      name: `${rule.alert}: silent from ${iso(age.gapFromMs)} to ${iso(age.gapToMs)}`,
      interval,
      input_series: gap.input_series,
      alert_rule_test: [{ ...gap.at(oldest), exp_alerts: [] }],
    },
    {
      name: `${rule.alert}: silent at its limit, firing within the promise after one miss`,
      interval,
      input_series: missed.input_series,
      alert_rule_test: [
        { ...missed.at(limit), exp_alerts: [] },
        {
          ...missed.at(promised),
          exp_alerts: [expected(rule, selectedLabels(series), humanizeDuration(promised * 60))],
        },
      ],
    },
  ];
}

/** Silent over two weeks of runs that take as long as ever, one slow night among them; firing once they have grown for as long. */
function trendTests(job: Job, group: RuleGroup): AlertTests[] {
  const rule = group.rules.find(({ alert }) => alert === trendAlert(job));
  const metric = job.metrics.find(({ meaning }) => meaning === "duration");
  if (!rule || !metric) return [];
  const series = selector(job, metric);
  const budgetS = Math.round(job.budgetMs / 1000);
  const usualS = Math.round(job.usualRunMs / 1000);
  const [days, hours] = [15, 24];
  // In ten days it is over its budget.
  const stepS = budgetS / (2 * (days + 10) * hours);
  const test = testOfSeries(rule, series, "1h", `${days}d`);
  return [
    testsOf(
      group,
      rule,
      [
        test("silent while runs take as long as ever", `${usualS}+0x${(days + 1) * hours}`, []),
        test(
          "silent after one slow night",
          `${usualS}+0x${(days - 1) * hours} ${budgetS}+0x${2 * hours}`,
          [],
        ),
        test(
          "silent before it has two weeks of them",
          `_x${3 * hours} ${budgetS / 2}+${stepS}x${days * hours}`,
          [],
        ),
        test("firing once they have grown for two weeks", `${budgetS / 2}+${stepS}x${(days + 1) * hours}`, [
          expected(rule, selectedLabels(series), "10"),
        ]),
      ],
      "12h",
    ),
  ];
}

/** An instant that hasn't come, as a clock that was ahead has told it. */
function aheadTest(rule: AlertRule, series: string): RuleTest {
  const firingMinute = Math.ceil(parseDuration(rule.for) / minuteMs) + 1;
  const instant = firingMinute * 60 + 2 * 3600;
  return {
    name: `${rule.alert}: firing for an instant that hasn't come`,
    interval,
    input_series: [{ series, values: `${instant}+0x${firingMinute + 1}` }],
    alert_rule_test: [
      {
        eval_time: `${firingMinute}m`,
        alertname: rule.alert,
        exp_alerts: [expected(rule, selectedLabels(series), "-2h 0m 0s")],
      },
    ],
  };
}

/** One series, as it is at the limit, and then just beyond it for as long as the rule waits. */
function ownTests(
  series: string,
  fires: Exclude<JobAlert["fires"], { readonly kind: "full-soon" | "ends" }>,
  rule: AlertRule,
): RuleTest[] {
  const forMinutes = Math.ceil(parseDuration(rule.for) / minuteMs);
  const isOld = fires.kind === "older";
  // The test begins just before the limit: promtool evaluates each minute of a month otherwise.
  const ageAtStart = isOld ? Math.max(Math.floor(fires.thanMs / minuteMs) - 4, 0) : 0;
  const limitMinute = isOld ? Math.floor(fires.thanMs / minuteMs) - ageAtStart : 4;
  const firingMinute = limitMinute + 1 + forMinutes;
  const beyond = isOld ? 0 : fires.than + (fires.kind === "above" ? 1 : -1);
  const values = isOld
    ? `${-ageAtStart * 60}+0x${firingMinute + 1}`
    : `${fires.than}+0x${limitMinute} ${beyond}+0x${forMinutes + 1}`;
  const value = shownIn(rule, isOld ? (ageAtStart + firingMinute) * 60 : beyond);
  const labels = selectedLabels(series);
  const atLimit: RuleTest = {
    name: `${rule.alert}: silent at its limit, firing beyond it`,
    interval,
    input_series: [{ series, values }],
    alert_rule_test: [
      { eval_time: `${limitMinute + forMinutes}m`, alertname: rule.alert, exp_alerts: [] },
      {
        eval_time: `${firingMinute}m`,
        alertname: rule.alert,
        exp_alerts: [expected(rule, labels, value)],
      },
    ],
  };
  return isOld ? [atLimit, aheadTest(rule, series)] : [atLimit];
}

/** Silent at its limit and where no such instant is known; firing a minute beyond it, and for what has ended. */
function endsTests(series: string, withinMs: number, rule: AlertRule): RuleTest[] {
  const minutes = Math.ceil(parseDuration(rule.for) / minuteMs) + 5;
  const test = testOfSeries(rule, series, interval, `${minutes}m`);
  const fired = (leftS: number, left = humanizeDuration(leftS)) =>
    [`${minutes * 60 + leftS}+0x${minutes}`, [expected(rule, selectedLabels(series), left)]] as const;
  const limitS = withinMs / 1000;
  return [
    test("silent at its limit", `${limitS + 5 * 60}+0x${minutes}`, []),
    test("firing beyond it", ...fired(limitS - (minutes - 4) * 60)),
    test("firing for what has ended", ...fired(-2 * 3600, "-2h 0m 0s")),
    test("silent where none is known", `_x${minutes}`, []),
  ];
}

/** One of a metric's series, with labels that an alert carries. */
export function seriesText(job: Job, metric: string): string {
  const further = job.metrics.find(({ name }) => name === metric)?.labels ?? {};
  return `${metric}{${matchers({ job: job.metricsJob, instance: job.host, ...further })}}`;
}

/** Tests of one series, each with values of its own and with what fires by the same time. @param every between two values */
function testOfSeries(rule: AlertRule, series: string, every: string, at: string) {
  return (
    name: string,
    values: string,
    exp_alerts: RuleTest["alert_rule_test"][number]["exp_alerts"],
  ): RuleTest => ({
    name: `${rule.alert}: ${name}`,
    interval: every,
    input_series: [{ series, values }],
    alert_rule_test: [{ eval_time: at, alertname: rule.alert, exp_alerts }],
  });
}

/**
 * Of something that is filled for the first time, in half a day, silent, and after a night that takes two fifths of what is free; firing
 * once it has lost 6 per cent a day for as long as is reckoned with.
 */
function fullSoonTestsOf(group: RuleGroup, rule: AlertRule, series: string): AlertTests {
  const minutes = Math.ceil((reckonedAfterMs + parseDuration(rule.for)) / minuteMs) + 15;
  const test = testOfSeries(rule, series, interval, `${minutes}m`);
  const tests = [
    test("silent after it was filled for the first time", `100-0.05x720 64x${minutes}`, []),
    test("firing when it goes on being filled", `60-0.004x${minutes + 10}`, [
      expected(rule, selectedLabels(series)),
    ]),
  ];
  return testsOf(group, rule, [...tests, oneNightTest(rule, series)], "10m");
}

/** Six days of the same, a night of four hours, and each half hour of the three days after it. */
function oneNightTest(rule: AlertRule, series: string): RuleTest {
  const [firstMinute, minutes] = [6 * 24 * 60, 3 * 24 * 60];
  return {
    name: `${rule.alert}: silent after one night that took two fifths of what was free`,
    interval: "5m",
    input_series: [{ series, values: `60x${firstMinute / 5} 60-0.5x48 36x${minutes / 5}` }],
    alert_rule_test: Array.from({ length: minutes / 30 }, (_, turn) => ({
      eval_time: `${firstMinute + (turn + 1) * 30}m`,
      alertname: rule.alert,
      exp_alerts: [],
    })),
  };
}

/**
 * What isn't there doesn't change: in the place of each minute of days, the rule is evaluated a few times, the last one in the minute
 * in which the alert has waited for long enough.
 */
export function absentTestsOf(group: RuleGroup, rule: AlertRule): AlertTests {
  const stepMs = Math.ceil(parseDuration(rule.for) / absentLooks);
  return testsOf(group, rule, [absentTest(rule)], stepMs > minuteMs ? `${stepMs}ms` : interval);
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

/** An alert as it fires. @param value what the expression gives, as the summary shows it */
export function expected(rule: AlertRule, labels: Record<string, string>, value = "") {
  return {
    exp_labels: { ...labels, ...rule.labels },
    exp_annotations: Object.fromEntries(
      Object.entries(rule.annotations).map(([name, text]) => [
        name,
        text
          .replace(/\{\{ \$value( \| (humanize\w+|printf "%\.0f"))? \}\}/g, value)
          .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? "")
          .replaceAll('{{"{{"}}', "{{"),
      ]),
    ),
  };
}

/** A value as the rule's summary has it. */
function shownIn(rule: AlertRule, value: number): string {
  const [, how] = /\{\{ \$value \| (\w+) \}\}/.exec(rule.annotations["summary"] ?? "") ?? [];
  if (how === "humanizeDuration") return humanizeDuration(value);
  return how === "humanize1024" ? humanize1024(value) : String(value);
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

/** As Prometheus' template function prints bytes, four digits of them. */
function humanize1024(bytes: number): string {
  const units = ["", "ki", "Mi", "Gi", "Ti"];
  const unit = units.findIndex((_, power) => Math.abs(bytes) < 1024 ** (power + 1));
  const power = unit === -1 ? units.length - 1 : unit;
  return `${Number((bytes / 1024 ** power).toPrecision(4))}${units[power] ?? ""}`;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
