import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { ownAlerts } from "../../alerts/alert";
import { healthyStory, mishapStory, type Story } from "../../alerts/courses";
import { lookbacksOf } from "../../alerts/firing";
import { evaluate } from "../../alerts/promql/evaluate";
import { parsePromql } from "../../alerts/promql/parse";
import { selected } from "../../alerts/promql/select";
import { type Expr, selectorsOf } from "../../alerts/promql/syntax";
import { estateRules } from "../../alerts/groups";
import { ruleFile } from "../../components/rule-file";
import { promDuration } from "../../alerts/rules";
import { type Labels, type Series, seriesOf } from "../../alerts/series";
import { catalogue } from "../../checks";
import type { Example } from "../../checks/check";
import { debianPackages } from "../../lab/debian";
import { parseEstate, type Plan, planOf } from "../../plan";
import type { ExampleEstate } from "../../plan/estate/example";
import { parseDuration } from "../../plan/units/duration";
import { long } from "../long";

const minuteMs = 60_000;
let promtool: string;
let folder: string;
beforeAll(async () => {
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-own-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One alert of an estate's own, and the plan that it is of. */
interface Own {
  readonly expr: string;
  readonly forMs: number;
  readonly plan: Plan;
}

function ownOf({ estate }: Pick<Example, "estate">): Own {
  const plan = planOf(parseEstate(estate));
  const alert = ownAlerts(plan).at(-1);
  if (!alert) throw new Error("the example has no alert of its own");
  return { expr: alert.rule.expr, forMs: parseDuration(alert.rule.for), plan };
}

/** A job's story, its first minute taken as minute 0: what each series has, and when the alert fires by our own reckoning. */
function retold({ expr, forMs, plan }: Own, story: Story) {
  const parsed = parsePromql(expr);
  const index = seriesOf(plan);
  const series = [...new Set(selectorsOf(parsed).flatMap(selector => selected(selector, index)))];
  const lookbackMs = Math.max(0, ...lookbacksOf(parsed));
  const startMs = story.fromMs - lookbackMs;
  const minutes = Math.floor((story.toMs - startMs) / minuteMs);
  const at = (minute: number): number => startMs + minute * minuteMs;
  const valueOf = (one: Series, minute: number): string => {
    const range = story.course.valueAt(one, at(minute));
    // Any exit code of a failure is as good as another.
    const value = range && (one.means === "status" ? range.min : range.max);
    if (value === undefined) return "_";
    return String(one.means === "status" || one.means === "flag" ? value : value - startMs / 1000);
  };
  const firing = firingMinutes(parsed, plan, story, forMs, at, minutes);
  return {
    series: series.map(one => ({
      series: `${one.metric}{${Object.entries(one.labels)
        .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
        .join(",")}}`,
      values: Array.from({ length: minutes }, (_, minute) => valueOf(one, minute)).join(" "),
    })),
    firstMinute: Math.ceil((story.fromMs - startMs) / minuteMs),
    minutes,
    firing,
    at,
  };
}

/** Labels of the series for which it fires, minute by minute, as a rule that is looked at each minute does. */
function firingMinutes(
  expr: Expr,
  plan: Plan,
  { course }: Story,
  forMs: number,
  at: (minute: number) => number,
  minutes: number,
): Labels[][] {
  const since = new Map<string, number>();
  const index = seriesOf(plan);
  return Array.from({ length: minutes }, (_, minute) => {
    const result = evaluate(expr, index, {}, { atMs: at(minute), course });
    const samples = result.kind === "vector" ? result.samples.filter(({ sure }) => sure) : [];
    const now = new Set(samples.map(({ labels }) => JSON.stringify(labels)));
    for (const key of since.keys()) if (!now.has(key)) since.delete(key);
    for (const key of now) if (!since.has(key)) since.set(key, minute);
    return samples
      .map(({ labels }) => labels)
      .filter(labels => (minute - (since.get(JSON.stringify(labels)) ?? minute)) * minuteMs >= forMs);
  });
}

function storiesOf({ expr, forMs, plan }: Own): { healthy: Story; fails: Story; job: Plan["jobs"][number] } {
  const parsed = parsePromql(expr);
  const emitters = selectorsOf(parsed).flatMap(selector => selected(selector, seriesOf(plan)));
  const job = plan.jobs.find(({ name, host }) =>
    emitters.some(({ emitter, labels }) => emitter === name && labels["instance"] === host),
  );
  if (!job) throw new Error(`${expr} looks at no job`);
  const lookbackMs = Math.max(0, ...lookbacksOf(parsed));
  return {
    healthy: healthyStory(job, [job], plan, lookbackMs, forMs),
    fails: mishapStory("fails", [job], [job], plan, lookbackMs, forMs),
    job,
  };
}

/** Whether promtool sees in a story what we reckon, at the turns and every two hours. */
async function agreed(name: string, own: Own, told: ReturnType<typeof retold>): Promise<string> {
  const { series, firstMinute, minutes, firing } = told;
  const differs = (minute: number): boolean =>
    JSON.stringify(firing[minute]) !== JSON.stringify(firing[minute - 1]);
  const turns = Array.from({ length: minutes }, (_, minute) => minute).filter(
    minute => minute > firstMinute && (minute % 120 === 0 || differs(minute) || differs(minute + 1)),
  );
  const rule = { alert: "Own", expr: own.expr, for: promDuration(own.forMs) };
  writeFileSync(join(folder, `${name}.rules.yml`), stringify({ groups: [{ name: "g", rules: [rule] }] }));
  writeFileSync(
    join(folder, `${name}.tests.yml`),
    stringify({
      rule_files: [`${name}.rules.yml`],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: series,
          alert_rule_test: turns.slice(0, 60).map(minute => ({
            eval_time: `${minute}m`,
            alertname: "Own",
            exp_alerts: (firing[minute] ?? []).map(labels => ({ exp_labels: labels })),
          })),
        },
      ],
    }),
  );
  const result = await execa(promtool, ["test", "rules", `${name}.tests.yml`], {
    cwd: folder,
    reject: false,
    all: true,
  });
  return result.all;
}

const families = ["alerts/fires-when-healthy", "alerts/later-than-promise", "alerts/window-too-short"];
/** Promtool looks at days of a story, minute by minute: `npm run test:long` shows it each example, `npm test` a family's first. */
const cases = catalogue
  .filter(({ code }) => families.includes(code))
  .flatMap(({ code, examples }) =>
    examples.bad
      .filter(({ estate }) => /_last_(success_timestamp|status)/.test(ownOf({ estate }).expr))
      .filter((_, index) => long || index === 0)
      .map(example => ({ code, ...example })),
  );

test.each(cases)("$code: $name, by promtool, before and after its fix", async ({ code, estate, mends }) => {
  const bad = ownOf({ estate });
  const { healthy } = storiesOf(bad);
  if (code !== "alerts/later-than-promise") {
    const told = retold(bad, healthy);
    expect(told.firing.some(labels => labels.length > 0)).toBe(true);
    expect(await agreed("bad", bad, told)).toContain("SUCCESS");
  }
  for (const { edit } of mends) {
    const mended = structuredClone(estate) as ExampleEstate;
    edit(mended);
    const good = ownOf({ estate: mended });
    const { healthy, fails, job } = storiesOf(good);
    const quiet = retold(good, healthy);
    // Before the story begins, a window isn't full yet.
    expect(quiet.firing.slice(quiet.firstMinute + good.forMs / minuteMs).flat()).toEqual([]);
    expect(await agreed("healthy", good, quiet)).toContain("SUCCESS");
    const failing = retold(good, fails);
    const { firing, at } = failing;
    const soonest = firing.findIndex(labels => labels.length > 0);
    expect(at(soonest) - fails.goodMs + job.judged.visibleAfterMs).toBeLessThanOrEqual(job.judged.rpoMs);
    expect(await agreed("fails", good, failing)).toContain("SUCCESS");
  }
});

test("the rules of every estate whose alerts were mended are a file that promtool takes", async () => {
  const mended = catalogue
    .filter(({ code }) => code.startsWith("alerts/"))
    .flatMap(({ examples }) => examples.bad)
    .flatMap(({ estate, mends }) =>
      mends.map(({ edit }) => {
        const changed = structuredClone(estate) as ExampleEstate;
        edit(changed);
        return ruleFile(estateRules(planOf(parseEstate(changed))));
      }),
    );
  const files = mended.map((text, index) => {
    writeFileSync(join(folder, `${index}.yml`), text);
    return `${index}.yml`;
  });
  const { exitCode, all } = await execa(promtool, ["check", "rules", ...files], {
    cwd: folder,
    reject: false,
    all: true,
  });
  expect(all).not.toContain("FAILED");
  expect(exitCode).toBe(0);
});
