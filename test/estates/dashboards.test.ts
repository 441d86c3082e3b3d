import { boardsOf } from "../../alerts/boards";
import { queriesOf } from "../../alerts/boards/board";
import { boardUid, dashboardOf } from "../../alerts/boards/uid";
import { ruleGroups } from "../../alerts/groups";
import { evaluate } from "../../alerts/promql/evaluate";
import { parsePromql } from "../../alerts/promql/parse";
import { selected } from "../../alerts/promql/select";
import { selectorsOf } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { parseEstate, type Plan, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";

const estates = [
  ["the example", planOf(parseEstate(exampleEstate()))],
  ["the homelab", planOf(parseEstate(homelab))],
] as const;

/** What is wrong with a query: it selects what nobody emits, or joins what never meets. */
function faultsOf(text: string, plan: Plan): string[] {
  const [expr, index] = [parsePromql(text), seriesOf(plan)];
  const faults = selectorsOf(expr)
    .filter(selector => selected(selector, index).length === 0)
    .map(selector => `nothing emits ${selector.text}`);
  evaluate(expr, index, {
    joined: ({ op, text: at }, left, right, { pairs, samples, ambiguous }) => {
      if (op === "or" || left.length === 0 || right.length === 0) return;
      if (pairs.length === 0 && samples.length === 0) faults.push(`never meets: ${at}`);
      if (ambiguous) faults.push(`several meet one: ${at}`);
    },
  });
  return faults;
}

test.each(estates)("%s: each query of each panel selects what is emitted and joins what meets", (_, plan) => {
  const queries = boardsOf(plan).flatMap(board => queriesOf(board));
  expect(queries.length).toBeGreaterThan(40);
  expect(queries.flatMap(({ panel, expr }) => faultsOf(expr, plan).map(fault => [panel, fault]))).toEqual([]);
});

test("a query of a metric that nobody emits, or of series that never meet, is known", () => {
  const [, [, plan]] = estates;
  expect(faultsOf("nfs_mirror_byte", plan)).toEqual(["nothing emits nfs_mirror_byte"]);
  expect(faultsOf("nfs_mirror_bytes / daily_backup_bytes_synced", plan)).toEqual([
    "never meets: nfs_mirror_bytes / daily_backup_bytes_synced",
  ]);
});

test.each(estates)("%s: each metric of a job is looked at, on a dashboard or by an alert", (_, plan) => {
  const seen = boardsOf(plan)
    .flatMap(board => queriesOf(board))
    .flatMap(({ expr }) => selectorsOf(parsePromql(expr)))
    .flatMap(selector => selected(selector, seriesOf(plan)));
  const unseen = plan.jobs.flatMap(job =>
    job.metrics.filter(
      ({ name }) =>
        !seen.some(({ metric, emitter }) => metric === name && emitter === job.name) &&
        !job.alerts.some(({ metric }) => metric === name),
    ),
  );
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

test.each(estates)("%s: each alert points to a dashboard that there is", (_, plan) => {
  const uids = boardsOf(plan).map(({ uid }) => uid);
  const pointed = ruleGroups(plan).flatMap(({ rules }) =>
    rules.map(({ annotations }) => annotations["dashboard"]),
  );
  expect(pointed.filter(uid => uid === undefined || !uids.includes(uid))).toEqual([]);
});

test("services whose promises rest on the same jobs are one row, and one that a disaster spares has no cell", () => {
  const [, [, plan]] = estates;
  const [overview] = boardsOf(plan);
  const [table] = overview?.rows.find(({ title }) => title === "Promises")?.panels ?? [];
  if (table?.kind !== "table") throw new Error("the overview has no table of promises");
  expect(table.columns.map(({ name }) => name)).toContain("site");
  const site = table.columns.find(({ name }) => name === "site")?.expr ?? "";
  const named = [...site.matchAll(/"services", "([^"]*)"/g)].flatMap(([, names = ""]) => names.split(", "));
  expect(new Set(named).size).toBe(named.length);
  expect(named).toContain("vaultwarden");
  expect(site).toContain('backup_last_success_timestamp{job="offsite-backup-sync",instance="pve"}');
});

test("an uid fits into Grafana's forty letters, and names that are cut are told apart", () => {
  const long = "a-name-of-an-estate-that-is-longer-than-most-of-them-are";
  const uids = ["one", "two", undefined].map(layer => boardUid({ name: long }, layer));
  expect(uids.map(uid => /^[a-z0-9-]{1,40}$/.test(uid))).toEqual([true, true, true]);
  expect(new Set(uids).size).toBe(3);
});

test("where the estate says where Grafana is, an alert has the link", () => {
  const estate = parseEstate(
    exampleWith(({ monitoring }) => {
      monitoring.dashboards = { grafana: "https://grafana.example/" };
    }),
  );
  expect(dashboardOf(estate)).toBe(`https://grafana.example/d/${boardUid(estate)}`);
});
