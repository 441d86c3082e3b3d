import { addTo } from "../../plan/add-to";
import type { Job, Metric } from "../../plan/job";
import type { JobPanel } from "../../plan/panel";
import type { BoardPanel } from "./board";
import { overJobs } from "./series-text";

/** The panels that jobs say, those of one title as one. @param wanted which of them */
export function panelsOf(
  jobs: readonly Job[],
  wanted: (panel: JobPanel) => boolean = () => true,
): BoardPanel[] {
  const byTitle = new Map<string, { readonly job: Job; readonly panel: JobPanel }[]>();
  for (const job of jobs)
    for (const panel of job.panels.filter(wanted)) addTo(byTitle, panel.title, { job, panel });
  return [...byTitle].flatMap(([title, said]) => {
    const [first] = said;
    if (!first) return [];
    const names = new Set(said.flatMap(({ panel }) => Object.keys(panel.shows)));
    const { unit } = first.panel;
    return [{ kind: "lines", title, unit, queries: [...names].map(name => queryOf(name, said)) }];
  });
}

function queryOf(name: string, said: readonly { readonly job: Job; readonly panel: JobPanel }[]) {
  const having = said.filter(({ panel }) => panel.shows[name] !== undefined);
  const { job, panel } = having[0] ?? {};
  const metric = job?.metrics.find(each => each.name === name);
  return {
    expr: overJobs(
      having.map(each => each.job),
      () => name,
      selector => (panel?.unit === "age" ? `time() - ${selector}` : selector),
    ),
    legend: [panel?.shows[name], ...labelsOf(metric), "{{job}} on {{instance}}"]
      .filter(part => part !== undefined && part !== "")
      .join(" "),
  };
}

/** Labels that tell a metric's series apart. */
function labelsOf(metric: Metric | undefined): string[] {
  return Object.keys(metric?.labels ?? {})
    .filter(label => label !== "part")
    .map(label => `{{${label}}}`);
}
