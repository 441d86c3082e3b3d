import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { absenceRules } from "../../alerts/absence";
import { ruleGroups } from "../../alerts/groups";
import { promtoolTestsOfEstate } from "../../alerts/promtool-estate-tests";
import { promtoolTestsOfOwn } from "../../alerts/promtool-own-tests";
import { type AlertTests, promtoolTests } from "../../alerts/promtool-tests";
import { standingRules } from "../../alerts/standing";
import { rulesOf, selector } from "../../alerts/rules";
import { ruleFile } from "../../components/rule-file";
import { debianPackages } from "../../lab/debian";
import { type EstateInput, parseEstate, type Plan, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import type { Job } from "../../plan/job";
import { estate as homelab } from "../../stacks/homelab/estate";
import { inTime, long, testLong } from "../long";

let promtool: string;
let folder: string;
beforeAll(async () => {
  // The same unpacked packages that the lab's Prometheus comes from.
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Tests alerts. @returns promtool's exit code and what it printed */
async function run(alerts: readonly AlertTests[]): Promise<{ exitCode: number; output: string }> {
  for (const { alert, group, text } of alerts) {
    writeFileSync(join(folder, `${alert}.rules.yml`), ruleFile([group]));
    writeFileSync(join(folder, `${alert}.tests.yml`), text);
  }
  return promtoolSays("test", "rules", ...alerts.map(({ alert }) => `${alert}.tests.yml`));
}

async function promtoolSays(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const result = await execa(promtool, args, { cwd: folder, reject: false, all: true });
  return { exitCode: result.exitCode ?? -1, output: result.all };
}

const planned = (estate: EstateInput): Plan => planOf(parseEstate(estate));
// What the example has, the homelab has too.
const estates = inTime(1, [
  ["the homelab", planned(homelab)],
  ["the example", planned(exampleEstate())],
]);

/** Whether a file of tests expects an alert somewhere. */
function firesIn(text: string): boolean {
  const { tests } = expecting.parse(parse(text));
  return tests.some(test => test.alert_rule_test.some(({ exp_alerts }) => exp_alerts.length > 0));
}
const expecting = z.object({
  tests: z.array(z.object({ alert_rule_test: z.array(z.object({ exp_alerts: z.array(z.unknown()) })) })),
});

/** What a job's alerts ask, whatever it is called and at whatever numbers. */
function questions(job: Job, plan: Plan): string {
  const called = new RegExp(`${job.name}|${job.name.replaceAll("-", "_")}|\\d+`, "g");
  return rulesOf(job, plan)
    .rules.map(({ expr }) => String(expr).replace(called, ""))
    .join("\n");
}

/** Of the jobs whose alerts ask the same, as those of most databases do, the first in `npm test`, and all of them in `npm run test:long`. */
const tried = (plan: Plan): readonly Job[] =>
  long
    ? plan.jobs
    : [...new Map([...plan.jobs].reverse().map(job => [questions(job, plan), job])).values()].reverse();

describe.each(estates)("%s", (_, plan) => {
  test.each(tried(plan).map(job => [job.name, job] as const))(
    "%s: silent over its longest gap, firing within its promise after one miss",
    async (_name, job) => {
      const tests = promtoolTests(job, plan);
      expect(tests.map(({ alert }) => alert)).toEqual(rulesOf(job, plan).rules.map(rule => rule.alert));
      const { exitCode, output } = await run(tests);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
    },
  );

  test("each alert that there is fires in one of these tests", () => {
    const tests = [
      ...plan.jobs.flatMap(job => promtoolTests(job, plan)),
      ...promtoolTestsOfEstate(plan),
      ...promtoolTestsOfOwn(plan),
    ];
    const fired = new Set(tests.filter(({ text }) => firesIn(text)).map(({ alert }) => alert));
    const alerts = ruleGroups(plan).flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(alerts.filter(alert => !fired.has(alert))).toEqual([]);
  });

  test("the estate's own alerts: each fires and is silent, an absence alert fires when their series are gone, what the jobs stand on is told when it goes, and one fires all the time", async () => {
    const own = promtoolTestsOfOwn(plan);
    const tests = [...promtoolTestsOfEstate(plan), ...own];
    expect(tests).toHaveLength(
      absenceRules(plan).length + standingRules(plan).length + 1 + plan.estate.monitoring.alerts.length,
    );
    const { exitCode, output } = await run(tests);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
  });

  test("all rules together are a file that promtool takes", async () => {
    const groups = ruleGroups(plan);
    writeFileSync(join(folder, "rules.yml"), ruleFile(groups));
    const { exitCode, output } = await promtoolSays(
      "check",
      "rules",
      "--lint=all",
      "--lint-fatal",
      "rules.yml",
    );
    expect(output).toContain(`SUCCESS: ${groups.flatMap(({ rules }) => rules).length} rules found`);
    expect(exitCode).toBe(0);
  });
});

/** Hours of a series, one value for each day. */
function daily(series: string, secondsOf: (day: number) => number, days: number) {
  const values = Array.from({ length: days }, (_, day) => `${Math.round(secondsOf(day))}+0x23`).join(" ");
  return { series, values };
}

test("a year of runs that take more or less, are slow on Sundays and once a month, and slower for good one day, is no trend; growth is, until the budget is raised", async () => {
  const plan = planned(homelab);
  const job = plan.jobs.find(({ name }) => name === "postgresql-backup");
  const group = job && rulesOf(job, plan);
  const rule = group?.rules.find(({ alert }) => alert.endsWith("OverBudgetSoon"));
  if (!job || !group || !rule) throw new Error("no job with a trend");
  const series = selector(job, { name: "backup_duration_seconds" });
  const [usualS, budgetS] = [job.usualRunMs / 1000, job.budgetMs / 1000];
  const healthy = (day: number): number => {
    const more = ((day * 7919) % 41) / 100 - 0.2;
    const slow = day % 30 === 17 ? budgetS - usualS * 1.5 : day % 7 === 6 ? usualS / 3 : 0;
    return Math.min(usualS * (1 + more) + slow + (day < 210 ? 0 : budgetS * 0.35), budgetS);
  };
  // From day 60 on it grows by a fortieth of what it has left, each day, and on day 95 somebody halves what it makes.
  const growing = (day: number): number =>
    day < 60 ? healthy(day) : day < 95 ? usualS + ((day - 60) * (budgetS - usualS)) / 40 : usualS;
  const days = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, day) => from + day);
  const silent = (values: ReturnType<typeof daily>, on: readonly number[]) => ({
    ...{ interval: "1h", input_series: [values] },
    alert_rule_test: on.map(day => ({ eval_time: `${day}d`, alertname: rule.alert, exp_alerts: [] })),
  });
  const tests = [
    silent(daily(series, healthy, 365), days(15, 365)),
    silent(daily(series, growing, 120), [...days(15, 60), ...days(103, 120)]),
  ];
  writeFileSync(join(folder, "trend.rules.yml"), ruleFile([{ ...group, rules: [rule] }]));
  const run = (these: readonly object[]) => {
    const file = { rule_files: ["trend.rules.yml"], evaluation_interval: "6h", tests: these };
    writeFileSync(join(folder, "trend.tests.yml"), stringify(file, { aliasDuplicateObjects: false }));
    return promtoolSays("test", "rules", "trend.tests.yml");
  };
  expect(await run(tests)).toMatchObject({ exitCode: 0 });
  // It reaches the budget on day 100. Of each day on which it isn't silent, promtool says so: of day 91 as of "13w".
  const told = await run([silent(daily(series, growing, 120), days(80, 95))]);
  const fired = [...told.output.matchAll(/time: (\d+)([dw])/g)].map(
    ([, count, unit]) => Number(count) * (unit === "w" ? 7 : 1),
  );
  expect(fired).toEqual(days(87, 95));
});

test.each([
  ["a label of an alert", (text: string) => text.replace("severity: warning", "severity: info")],
  ["a label of a series", (text: string) => text.replaceAll('job="nfs-mirror"', 'job="nfs-miror"')],
  ["a threshold", (text: string) => text.replace(/ > \d+/, " > 60")],
  ["how long a condition holds", (text: string) => text.replace(/for: \d+s/, "for: 604800s")],
  ["what people are told", (text: string) => text.replace("has not succeeded", "succeeded")],
])("a rule in which somebody has changed %s fails its tests", async (_, change) => {
  const plan = planned(exampleEstate());
  const stale = promtoolTests(mirrorOf(plan), plan).filter(({ alert }) => alert === "NfsMirrorStale");
  expect(await run(stale)).toMatchObject({ exitCode: 0 });
  const file = join(folder, "NfsMirrorStale.rules.yml");
  const text = readFileSync(file, "utf8");
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
  const { exitCode, output } = await promtoolSays("test", "rules", "NfsMirrorStale.tests.yml");
  expect({ exitCode, output }).toEqual({ exitCode: 1, output: expect.stringContaining("FAILED") });
});

// A threshold that is no schedule's own is caught below.
testLong("the rules of one schedule fail the tests of another", async () => {
  const weekly = planned(
    exampleWith(({ layers }) => {
      for (const mirror of layers["nfs-mirror"])
        Object.assign(mirror, { schedule: { onCalendar: "Mon *-*-* 02:00:00" }, promise: { rpo: "9d" } });
    }),
  );
  const [before, after] = [planned(exampleEstate()), weekly].map(plan =>
    promtoolTests(mirrorOf(plan), plan).filter(({ alert }) => alert === "NfsMirrorStale"),
  );
  const [rules, tests] = [before?.[0], after?.[0]];
  if (!rules || !tests) throw new Error("no alert of staleness");
  expect(await run([tests])).toMatchObject({ exitCode: 0 });
  expect(await run([{ ...tests, group: rules.group }])).toMatchObject({ exitCode: 1 });
});

function mirrorOf({ jobs }: Plan): Job {
  const mirror = jobs.find(({ name }) => name === "nfs-mirror");
  if (!mirror) throw new Error("the estate has no mirror");
  return mirror;
}

test.each([
  ["a threshold inside the healthy gap is caught", "25h"],
  ["a threshold beyond the promise is caught", "2d"],
])("%s", async (_, staleAfter) => {
  const plan = planned(
    exampleWith(({ layers }) => {
      const [mirror] = layers["nfs-mirror"];
      if (mirror) mirror.alert = { receiver: "infra", staleAfter };
    }),
  );
  const { exitCode, output } = await run(promtoolTests(mirrorOf(plan), plan));
  expect(output).toContain("NfsMirrorStale");
  expect(exitCode).not.toBe(0);
});

test("a CronJob in another time zone than declared starts at other times too", () => {
  const differs = standingRules(planned(homelab)).find(({ rule }) => rule.alert === "CronJobScheduleDiffers");
  expect(differs?.rule.expr).toMatch(/\} or kube_cronjob_info\{[^}]*,timezone!~"\|Europe\/Sofia"\}/);
});
