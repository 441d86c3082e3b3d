import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { stringify } from "yaml";
import { PromqlSyntaxError } from "../../alerts/promql/parse";
import { readPromql } from "../../alerts/promql/read";
import { ruleGroups } from "../../alerts/groups";
import { ruleFile } from "../../components/rule-file";
import { debianPackages } from "../../lab/debian";
import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";

let promtool: string;
let folder: string;
beforeAll(async () => {
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-expressions-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Which of some expressions promtool refuses, with its words: all in one run, each in a file of its own. */
async function refusedOf(exprs: readonly string[]): Promise<Map<string, string>> {
  const files = exprs.map((expr, index) => {
    writeFileSync(
      join(folder, `${index}.yml`),
      stringify({ groups: [{ name: "g", rules: [{ alert: "A", expr }] }] }),
    );
    return `${index}.yml`;
  });
  const { all } = await execa(promtool, ["check", "rules", ...files], {
    cwd: folder,
    reject: false,
    all: true,
    maxBuffer: 1e8,
  });
  return new Map(
    [...all.matchAll(/^\s*(\d+)\.yml: (.*)$/gm)].map(([, index, words]) => [
      exprs[Number(index)] ?? "",
      words ?? "",
    ]),
  );
}

const isRefusedByUs = (expr: string): boolean => readPromql(expr) instanceof PromqlSyntaxError;

const expressions = String.raw`
up == 0 | up => 0 | up <> 0 | up && up | up == "0" | up == 1 == 1 | UP == 0 | up AND up | up.rate == 0 | 1up == 0 | not up
up{job="a" instance="b"} | up{job==a} | up{job=a} | up{"job"="a"} | {"up"} | up{1job="a"} | up{job='a"b'} | up{,} | up{}
up{job="a\qb"} | up{job="\x41"} | up{job="\u00"} | up{job="\8"} | up{job="\'"} | {} | {job=""} == 0 | {job!=""} == 0 | {job=~".*"} == 0
up{__name__="up"} == 0 | {__name__=~".+"} == 0 | rate(up) | rate(up[0s]) > 0 | rate(up[1.5d]) > 0 | rate(up[1h 30m]) > 0 | rate(up[90]) > 0
rate(up[30m1h]) > 0 | rate(up[1mo]) > 0 | rate(up[300y]) > 0 | rate(up[5m+1m]) > 0 | up offset 1.5d == 0 | up offset 90 == 0 | up offset -1d == 0
time() offset 1d > 0 | (up > 0) offset 1d | sum(up) offset 1d | sum(up offset 1d) | rate(up[5m] offset 1d) > 0 | up offset 1d offset 2d | up @ end() == 0
up > 1d | up > 1h30m | up > 1_000 | up > 0x10 | up > 1e3 | up > 1e400 | up > .5 | up > Inf | 1 > 2 | 1 > bool 2 | time() > 5 | vector(time()) > 5
scalar(up) > 1 | up + bool 1 | up and bool up | up and 1 | up or vector(0) | up and on(job) group_left up | up * on(job) group_left(job) up
up * group_left up | up > on() up | up * on(a-b) up | sum by (a-b) (up) | sum by ("ab") (up) | sum by () (up) | sum by (up) | sum(up) by (job)
sum(1) | sum(up[5m]) | sum() | sum(up, up) | topk(up) | topk(5, up) | topk("5", up) | topk(up, up) | quantile(up) | count_values("a", up) | count_values(a, up)
limitk(1, up) | median(up) | abs(up, up) | abs() | abs(5) | absent(5) | absent(up[5m]) | ceil("a") | clamp(up, 0) | clamp_min(up, up) | day_of_month(5)
day_of_month(up, up) | histogram_quantile(up, 0.9) | double_exponential_smoothing(up[5m], 0.5, 0.5) | info(up) | label_join(up, "a") | label_join(up, "a", ",")
label_replace(up, "a", "$1", "b") | pi(5) | predict_linear(up[5m]) | predict_linear(up[5m], up) | quantile_over_time(up[5m], 0.9) | round(up, 5, 6)
sort_by_label(up, "a") | time(5) | timestamp(5) | vector(up) | avg_over_time(up[5m:]) | avg_over_time(sum(up)[5m]) | avg_over_time(up[5m:0s])
first_over_time(up[5m]) | up anchored == 0 | bool | on == 0 | by == 0 | up == 0 # words | up; | (up == 0 | up == 0) | -up == 0 | up ^ 2 == 4
`
  .trim()
  .split(/ \| |\n/);

test("what promtool refuses of an expression is refused before, and nothing else", async () => {
  const refused = await refusedOf(expressions);
  expect(refused.size).toBeGreaterThan(60);
  expect(expressions.filter(isRefusedByUs).sort()).toEqual([...refused.keys()].sort());
});

const parts = String.raw`a b - | ( ) (?: (?= (?! (?<= (?P<n> (?<n> [ ] [^ {2} {2,3} {3,2} {1001} { } * + ? ?? ^ $ . \d \. \b \1 \Z \x41 \p{L} \pN [:alpha:] [:foo:] \- (?i) (?i: (?x) \Q \E 1 , é a-z z-a`;

test("a regular expression that Prometheus refuses is known, whatever it is put together from", async () => {
  const patterns = fc.sample(
    fc.array(fc.constantFrom(...parts.split(" ")), { minLength: 1, maxLength: 6 }).map(all => all.join("")),
    { numRuns: 1_000, seed: 20_261_127 },
  );
  const exprs = [...new Set(patterns)].map(pattern => `up{job=~${JSON.stringify(pattern)},a="b"} == 0`);
  const refused = await refusedOf(exprs);
  expect(exprs.filter(isRefusedByUs).sort()).toEqual([...refused.keys()].sort());
  expect(refused.size).toBeGreaterThan(300);
});

test("an expression with what a template would read is a file that promtool takes", async () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ monitoring }) => {
        monitoring.alerts = [
          { name: "Braces", expr: 'up{job!="{{ $labels.x"} == 0', receiver: "infra" },
          { name: "Raw", expr: "up{job!~`a\\d{{|\u00e9`} == 0 # é", receiver: "infra" },
        ];
      }),
    ),
  );
  writeFileSync(join(folder, "rules.yml"), ruleFile(ruleGroups(plan)));
  const { exitCode, all } = await execa(promtool, ["check", "rules", "rules.yml"], {
    cwd: folder,
    reject: false,
    all: true,
  });
  expect(all).toContain("SUCCESS");
  expect(exitCode).toBe(0);
});
