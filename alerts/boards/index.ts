import { addTo } from "../../plan/add-to";
import type { Plan } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import type { Board, BoardPanel, BoardRow } from "./board";
import { disastersTable } from "./disasters";
import { disksPanels } from "./disks";
import { agesPanel, jobsTable, tookPanels } from "./job-columns";
import { panelsOf } from "./job-panels";
import { boardUid } from "./uid";

/** The dashboards of an estate: one of all of it, and one a layer that it has jobs of. */
export function boardsOf(plan: Plan): Board[] {
  if (plan.jobs.length === 0) return [];
  const byLayer = new Map<string, Job[]>();
  for (const job of plan.jobs) addTo(byLayer, job.layer, job);
  return [overview(plan), ...[...byLayer].map(([layer, jobs]) => layerBoard(layer, jobs, plan))];
}

function overview(plan: Plan): Board {
  const { jobs, estate } = plan;
  const shared = (of: "stores" | "debt" | "proofs"): BoardPanel[] =>
    panelsOf(jobs, panel => panel.overview === of);
  return {
    uid: boardUid(estate),
    title: `Holdfast: ${estate.name}`,
    tags: tagsOf(estate),
    rows: filled([
      { title: "Promises", panels: disastersTable(plan) },
      { title: "Jobs", panels: [jobsTable(jobs), schedule(jobs), agesPanel(jobs)] },
      { title: "Stores", panels: [...disksPanels(plan), ...shared("stores")] },
      { title: "What isn't off the host yet", panels: shared("debt") },
      { title: "Proofs", panels: shared("proofs") },
    ]),
  };
}

function layerBoard(layer: string, jobs: readonly Job[], { estate }: Plan): Board {
  return {
    uid: boardUid(estate, layer),
    title: `Holdfast: ${estate.name}, ${layer}`,
    tags: tagsOf(estate),
    rows: filled([
      { title: "Jobs", panels: [jobsTable(jobs), schedule(jobs), agesPanel(jobs)] },
      { title: "What they say of their runs", panels: [...tookPanels(jobs), ...panelsOf(jobs)] },
    ]),
  };
}

function tagsOf({ name }: Estate): string[] {
  return ["holdfast", name];
}

function filled(rows: readonly BoardRow[]): BoardRow[] {
  return rows.filter(({ panels }) => panels.length > 0);
}

/** Prometheus doesn't know when a timer comes due next: the plan's own times stand there. */
function schedule(jobs: readonly Job[]): BoardPanel {
  const rows = jobs.map(({ name, host, trigger: { calendar, zone }, budgetMs, judged }) => [
    ...[name, host, `\`${calendar}\` ${zone}`],
    ...[budgetMs, judged.staleAfterMs, judged.rpoMs].map(formatDuration),
  ]);
  const head = ["job", "on", "starts", "may run", "alert after", "promised"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return {
    kind: "text",
    title: "When they run",
    text: [head, head.map(() => "---"), ...rows].map(line).join("\n"),
  };
}
