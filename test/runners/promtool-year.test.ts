import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { estateRules } from "../../alerts/groups";
import { selectedLabels } from "../../alerts/promql/labels";
import { seriesText } from "../../alerts/promtool-tests";
import { type AlertRule, ownAlertsOf, rulesOf, selector, trendAlert } from "../../alerts/rules";
import { runChecks } from "../../checks";
import { ruleFile } from "../../components/rule-file";
import { debianPackages } from "../../lab/debian";
import { parseEstate, planOf } from "../../plan";
import { firings } from "../../plan/calendar";
import { type Job, metricOf } from "../../plan/job";
import { estate as homelab } from "../../stacks/homelab/estate";
import { inTime, long } from "../long";

/* Prometheus' own evaluation of a whole year, with each run of the plan's calendar in it, the clocks' changes and the first Sundays. */
const [minuteMs, dayMs] = [60_000, 86_400_000];
const [yearFromMs, yearToMs] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
/** On the day with 25 hours. */
const missedMs = Date.UTC(2026, 9, 25);

const plan = planOf(parseEstate(homelab));
let promtool: string;
let folder: string;
beforeAll(async () => {
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-year-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A success, by when it ended and when a rule sees it. */
interface Success {
  readonly endMs: number;
  readonly seenMs: number;
  readonly startMs: number;
}

/** Every second run begins as late as it may and takes all of its budget, and those between take no time: as far apart as healthy ones get. */
function successesOf({ trigger, budgetMs, judged }: Job): Success[] {
  const { schedule, zone, randomizedDelayMs, accuracyMs } = trigger;
  const starts = firings(schedule, zone, yearFromMs - 62 * dayMs, yearToMs);
  return starts.map((startMs, run) => {
    const endMs = startMs + (run % 2 === 0 ? 0 : randomizedDelayMs + accuracyMs + budgetMs);
    return { startMs, endMs, seenMs: endMs + judged.visibleAfterMs };
  });
}

/** A span of time as promtool goes through it, step by step from its own zero. */
class Span {
  constructor(
    private readonly fromMs: number,
    private readonly toMs: number,
    readonly stepMinutes: number,
  ) {}

  get steps(): number {
    return this.stepAt(this.toMs);
  }

  /** The first step at which an instant has come. */
  stepAt(atMs: number): number {
    return Math.ceil((atMs - this.fromMs) / this.stepMinutes / minuteMs);
  }

  /** What a series has of successes: when the newest one ended, or what else is told of it; nothing from one step to before another. */
  values(
    successes: readonly Success[],
    goneFrom = Infinity,
    goneTo = Infinity,
    told = ({ endMs }: Success): number => (endMs - this.fromMs) / 1000,
  ): string {
    const values: string[] = [];
    let newest: Success | undefined;
    let next = 0;
    for (let step = 0; step <= this.steps; step++) {
      for (let one = successes[next]; one && this.stepAt(one.seenMs) <= step; one = successes[++next])
        newest = one;
      const isGone = step >= goneFrom && step < goneTo;
      values.push(newest && !isGone ? String(told(newest)) : "_");
    }
    return values.join(" ");
  }

  test(
    series: string,
    values: string,
    asked: readonly (readonly [AlertRule, step: number, fires: boolean])[],
  ) {
    return {
      interval: `${this.stepMinutes}m`,
      input_series: [{ series, values }],
      alert_rule_test: asked.map(([rule, step, fires]) => ({
        eval_time: `${step * this.stepMinutes}m`,
        alertname: rule.alert,
        exp_alerts: fires ? [{ exp_labels: { ...selectedLabels(series), ...rule.labels } }] : [],
      })),
    };
  }
}

async function says(rules: readonly AlertRule[], minutes: number, tests: readonly object[]): Promise<string> {
  // What people are told counts the seconds, and is tested beside the alerts' limits.
  const bare = rules.map(rule => ({ ...rule, annotations: {} }));
  const evaluated = `${minutes}m`;
  writeFileSync(join(folder, "rules.yml"), ruleFile([{ name: "year", interval: evaluated, rules: bare }]));
  const file = { rule_files: ["rules.yml"], evaluation_interval: evaluated, tests };
  writeFileSync(join(folder, "tests.yml"), stringify(file, { lineWidth: 0, aliasDuplicateObjects: false }));
  const { all } = await execa(promtool, ["test", "rules", "tests.yml"], {
    ...{ cwd: folder, reject: false, all: true },
  });
  return all;
}

function alertsOf(job: Job): { stale: AlertRule; absent: AlertRule; series: string } {
  const [, stale, absent] = rulesOf(job, plan).rules;
  if (!stale || !absent) throw new Error(`${job.name} lacks one of its alerts`);
  return { stale, absent, series: selector(job, metricOf(job, "last-success")) };
}

/** One that runs each day and one of Sundays; in `npm run test:long` all. */
const first = ["nfs-mirror", "vm-images"];
const jobs = [
  ...plan.jobs.filter(({ name }) => first.includes(name)),
  ...plan.jobs.filter(({ name }) => !first.includes(name)),
].map(job => [job.name, job] as const);

/** How long a run takes that is as long as ever: more or less, longer on Sundays and half of its budget once a month. */
function tookS({ usualRunMs, budgetMs }: Job, { startMs }: Success): number {
  const day = Math.floor(startMs / dayMs);
  const slow = day % 30 === 17 ? budgetMs / 2 : new Date(startMs).getUTCDay() === 0 ? usualRunMs / 3 : 0;
  return Math.round(Math.min(usualRunMs * (0.8 + ((day * 7919) % 41) / 100) + slow, budgetMs) / 1000);
}

/** All else that a job's alerts look at, while all is well; what a threshold is for lies at it. */
function besides(job: Job, span: Span, successes: readonly Success[]) {
  const constant = (value: number): string => `${value}x${span.steps}`;
  const took = job.metrics.find(({ meaning }) => meaning === "duration");
  return [
    { series: selector(job, metricOf(job, "status")), values: constant(0) },
    ...(took
      ? [
          {
            series: selector(job, took),
            values: span.values(successes, Infinity, Infinity, one => tookS(job, one)),
          },
        ]
      : []),
    ...ownAlertsOf(job, plan.estate).map(({ metric, fires }) => ({
      series: seriesText(job, metric),
      values:
        fires.kind === "older"
          ? span.values(successes)
          : fires.kind === "ends"
            ? constant((yearToMs - yearFromMs + fires.withinMs) / 1000)
            : constant(fires.kind === "full-soon" ? 60 : fires.than),
    })),
  ];
}

/** One of the estate's own that speaks of a job's success, at the limit of the job's alert: the checks take it. */
function ownRuleOf(job: Job): AlertRule {
  const [name, series] = ["OwnYear", selector(job, metricOf(job, "last-success"))];
  const expr = `time() - max_over_time(${series}[2h]) > ${job.judged.staleAfterMs / 1000}`;
  const [receiver] = Object.keys(homelab.receivers);
  const alerts = [{ name, expr, receiver, runbook: false, absence: false }];
  const own = planOf(parseEstate({ ...homelab, monitoring: { ...homelab.monitoring, alerts } }));
  const [rule] = estateRules(own).flatMap(({ rules }) => rules.filter(({ alert }) => alert === name));
  const found = runChecks(own, yearFromMs).filter(
    ({ code, subject }) => subject === name && code !== "alerts/runbook-missing",
  );
  expect(found).toEqual([]);
  if (!rule) throw new Error("the estate's own alert gives no rule");
  return rule;
}

test.each(inTime(1, jobs))(
  "%s: all of its alerts, and one of the estate's own of it, are silent over a healthy year, which a tighter limit wouldn't be",
  async (_, job) => {
    const { stale, series } = alertsOf(job);
    // Over two weeks of runs each time it is dear: promtool.test.ts has a year of it by the day.
    const ofJob = rulesOf(job, plan).rules.filter(({ alert }) => long || alert !== trendAlert(job));
    const rules = [...ofJob, ownRuleOf(job)];
    const successes = successesOf(job);
    // Just before each success is seen, the one before it is as old as it gets.
    const healthy = (span: Span) => {
      const steps = new Set(successes.map(({ seenMs }) => span.stepAt(seenMs) - 1));
      const asked = [...steps].filter(step => step > 0 && step <= span.steps);
      const quiet = asked.flatMap(step => rules.map(rule => [rule, step, false] as const));
      const { input_series, ...test } = span.test(series, span.values(successes), quiet);
      const known = new Set([series]);
      const others = besides(job, span, successes).filter(
        one => !known.has(one.series) && known.add(one.series),
      );
      return { ...test, input_series: [...input_series, ...others] };
    };
    const minutes = long ? 10 : 60;
    const year = healthy(new Span(yearFromMs, yearToMs, minutes));
    expect(await says(rules, minutes, [year])).toContain("SUCCESS");
    const tighter = `> ${job.judged.staleAfterMs / 1000 - 3 * 3600}`;
    const tight = { ...stale, expr: stale.expr.replace(/> \d+/, tighter) };
    const spring = healthy(new Span(yearFromMs, yearFromMs + 90 * dayMs, minutes));
    const tighterRules = rules.map(rule => (rule.alert === stale.alert ? tight : rule));
    expect(await says(tighterRules, minutes, [spring])).toContain("FAILED");
  },
);

// Of one that runs on Sundays promtool.test.ts has a miss.
test.each(inTime(1, jobs))(
  "%s: told within the promise after one miss, and once nothing is known of it; over after the next success",
  async (_, job) => {
    const { stale, absent, series } = alertsOf(job);
    const successes = successesOf(job);
    const missed = successes.findIndex(({ endMs }) => endMs >= missedMs);
    const [before, next] = [successes[missed - 1], successes[missed + 1]];
    if (!before || !next) throw new Error(`${job.name} has too few runs`);
    const { rpoMs, staleAfterMs } = job.judged;
    const lastMs = Math.max(next.seenMs, before.endMs + rpoMs, missedMs + staleAfterMs);
    const span = new Span(before.endMs - dayMs, lastMs + dayMs, 5);
    const promised = Math.floor(
      (before.endMs + rpoMs - (before.endMs - dayMs)) / minuteMs / span.stepMinutes,
    );
    const recovered = Math.max(span.stepAt(next.seenMs), promised + 1);
    const recoveredMs = before.endMs - dayMs + recovered * span.stepMinutes * minuteMs;
    // Of one that runs more often, those until then are missed too.
    const withMiss = successes
      .filter((_, index) => index < missed || index > missed)
      .map((one, index) => (index < missed ? one : { ...one, seenMs: Math.max(one.seenMs, recoveredMs) }));
    const gone = span.stepAt(missedMs);
    // A series is seen for one step after its last sample.
    const told = gone + Math.ceil(staleAfterMs / minuteMs / span.stepMinutes) + 1;
    const tests = [
      span.test(series, span.values(withMiss), [
        [stale, span.stepAt(before.seenMs), false],
        [stale, promised, true],
        [stale, recovered, false],
      ]),
      span.test(series, span.values(successes, gone, told + 1), [
        [absent, gone, false],
        [absent, told, true],
        [absent, told + 1, false],
      ]),
    ];
    expect(await says([stale, absent], span.stepMinutes, tests)).toContain("SUCCESS");
  },
);
