import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { rulesOf } from "../../../alerts/rules";
import { ruleFile } from "../../../components/rule-file";
import { debianPackages } from "../../../lab/debian";
import { type EstateInput, parseEstate, planOf } from "../../../plan";
import { offsiteMetricNames } from "../../../plan/contracts/offsite-sync";
import type { Push } from "./recorder";

const standsMinutes = 30;

/** What a file system says of when a change was named: the real time, also where runs have a clock of their own. */
const timedByFiles: string = offsiteMetricNames.oldest;

/** Alerts about an estate's jobs that fire half an hour after an instant: Prometheus' own answer, by the estate's rules and what jobs have pushed. */
export async function firingAlerts(
  estate: EstateInput,
  pushes: readonly Push[],
  at: string,
): Promise<string[]> {
  const plan = planOf(parseEstate(estate));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-alerts-"));
  try {
    const rules = plan.jobs.map(job => rulesOf(job, plan));
    const test = {
      interval: "1m",
      input_series: pushedSeries(pushes).map(([series, value]) => ({
        series,
        // Its tests begin at the epoch.
        values: `${series.includes("timestamp") ? value - Date.parse(at) / 1000 : value}x${standsMinutes}`,
      })),
      promql_expr_test: [
        { expr: 'ALERTS{alertstate="firing"}', eval_time: `${standsMinutes}m`, exp_samples: [] },
      ],
    };
    writeFileSync(join(folder, "rules.yml"), ruleFile(rules));
    writeFileSync(join(folder, "test.yml"), stringify({ rule_files: ["rules.yml"], tests: [test] }));
    const promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
    const { exitCode, all } = await execa(promtool, ["test", "rules", "test.yml"], {
      ...{ cwd: folder, all: true, reject: false },
    });
    const names = [...all.matchAll(/alertname=\\?"([^"\\]+)/g)].map(([, name = ""]) => name);
    if ((exitCode === 0) !== (names.length === 0)) throw new Error(all);
    return [...new Set(names)].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a Pushgateway has: of each group the last that came. */
function pushedSeries(pushes: readonly Push[]): [string, number][] {
  const groups = new Map(pushes.map(({ path, body }) => [path, body]));
  return [...groups].flatMap(([path, body]) => {
    const [, job = "", instance = ""] = /\/job\/([^/]+)\/instance\/([^/]+)/.exec(path) ?? [];
    return [...body.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)]
      .filter(([, name]) => name !== timedByFiles)
      .map(([, name = "", labels, value]): [string, number] => [
        `${name}{${[`job="${job}"`, `instance="${instance}"`, ...(labels === undefined ? [] : [labels])].join(",")}}`,
        Number(value),
      ]);
  });
}
