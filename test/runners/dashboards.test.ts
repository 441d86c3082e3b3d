import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { boardsOf } from "../../alerts/boards";
import { queriesOf } from "../../alerts/boards/board";
import { type Series, seriesOf } from "../../alerts/series";
import { debianPackages } from "../../lab/debian";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { anyValue } from "../../plan/contracts/metric";
import { exampleEstate } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";

let promtool: string;
let folder: string;
beforeAll(async () => {
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dashboards-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A series of eight healthy days, a sample each hour. promtool's time begins at 0: an instant is one of before. */
function healthyDays({ metric, labels, range, well }: Series): { series: string; values: string } {
  const matchers = Object.entries(labels).map(
    ([label, value]) => `${label}=${JSON.stringify(value === anyValue ? "some" : value)}`,
  );
  const value = /_timestamp$/.test(metric) ? -3600 : (well ?? Math.min(1, range.max));
  return { series: `${metric}{${matchers.join(",")}}`, values: `${value}+0x200` };
}

/** Queries of an estate's dashboards that give nothing over some series, by what promtool says of them. */
async function withoutData(estate: EstateInput, gone: (metric: string) => boolean = () => false) {
  const plan = planOf(parseEstate(estate));
  const queries = boardsOf(plan).flatMap(board => queriesOf(board));
  const series = [...seriesOf(plan).values()].flat().filter(({ metric }) => !gone(metric));
  const seriesTests = {
    interval: "1h",
    input_series: series.map(healthyDays),
    promql_expr_test: queries.map(({ expr }) => ({
      ...{ expr: `count(${expr}) > bool 0`, eval_time: "192h" },
      exp_samples: [{ labels: "{}", value: 1 }],
    })),
  };
  writeFileSync(join(folder, "tests.yml"), stringify({ evaluation_interval: "1h", tests: [seriesTests] }));
  const { exitCode, all } = await execa(promtool, ["test", "rules", "tests.yml"], {
    ...{ cwd: folder, reject: false, all: true, maxBuffer: 1e8 },
  });
  return {
    exitCode,
    all,
    panels: queries
      .filter(({ expr }) => all.includes(JSON.stringify(`count(${expr})`).slice(1, -1)))
      .map(({ panel }) => panel),
  };
}

test.each([
  ["the example", exampleEstate()],
  ["the homelab", homelab],
] as const)("%s: no panel is without data in healthy days", async (_, estate) => {
  const { exitCode, all, panels } = await withoutData(estate);
  expect(panels).toEqual([]);
  expect(all).toContain("SUCCESS");
  expect(exitCode).toBe(0);
});

test("a panel whose metric is gone is told by name", async () => {
  const { exitCode, panels } = await withoutData(homelab, metric => metric === "nfs_mirror_held_bytes");
  expect(panels).toEqual(["Kept though the source has it no more"]);
  expect(exitCode).not.toBe(0);
});

test("a job that a promise rests on and of which no success is known is over its limit, however young the others are", async () => {
  const plan = planOf(parseEstate(exampleEstate()));
  const columns = boardsOf(plan)
    .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
    .flatMap(panel =>
      panel.kind === "table" && panel.title.startsWith("What each disaster") ? panel.columns : [],
    );
  const site = columns.find(({ name }) => name === "site")?.expr ?? "";
  const of = (metric: string, emitter: string): boolean =>
    emitter === "offsite-sync-backup" && /last_success/.test(metric);
  const series = [...seriesOf(plan).values()].flat();
  const left = series.filter(({ metric, emitter }) => !of(metric, emitter));
  expect(left.length).toBeLessThan(series.length);
  const over = (input: readonly Series[], value: number) => ({
    ...{ interval: "1h", input_series: input.map(healthyDays) },
    promql_expr_test: [
      {
        ...{ expr: `count((${site}) >= 100) > bool 0 or vector(0)`, eval_time: "1h" },
        exp_samples: [{ labels: "{}", value }],
      },
    ],
  });
  writeFileSync(
    join(folder, "tests.yml"),
    stringify(
      { evaluation_interval: "1h", tests: [over(series, 0), over(left, 1)] },
      { aliasDuplicateObjects: false },
    ),
  );
  const { all } = await execa(promtool, ["test", "rules", "tests.yml"], {
    ...{ cwd: folder, reject: false, all: true },
  });
  expect(all).toContain("SUCCESS");
});
