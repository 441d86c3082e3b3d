import type { Plan } from "../../plan";
import { visible } from "../../plan/visible";
import type { Location } from "../../plan/place";
import { oftenOf, timelineOf } from "../../plan/timeline";
import { formatDuration } from "../../plan/units/duration";
import { block, code, table } from "./markdown";

/** Which way the bytes go, and when, as pictures that Mermaid draws, and as tables for paper. */
export function picturesPage(plan: Plan): string {
  return [
    "# Pictures",
    "## Which way the bytes go",
    routes(plan),
    "## A night",
    night(plan),
    "## Jobs",
    table(
      ["job", "runs on", "when", "zone", "usually takes", "at most"],
      plan.jobs.map(({ called, runsOn, trigger, usualRunMs, budgetMs }) => [
        code(called),
        code(runsOn.name),
        code(trigger.calendar),
        trigger.zone,
        formatDuration(usualRunMs),
        formatDuration(budgetMs),
      ]),
    ),
  ].join("\n\n");
}

/** A disk, or a machine that is one failure domain, and the jobs that copy from one to another. */
function routes({ copies }: Plan): string {
  const nodes = new Map<string, string>();
  const node = ({ machine, disk }: Location): string => {
    const text = disk === undefined ? machine.name : `${machine.name}: ${disk}`;
    const known = nodes.get(text) ?? `n${nodes.size}`;
    nodes.set(text, known);
    return known;
  };
  const edges = new Set(
    copies.map(({ from, dataset, location, job }) => {
      const source = node((from ?? dataset).location);
      return `  ${source} -- ${label(job.called)} --> ${node(location)}`;
    }),
  );
  const named = [...nodes].map(([text, id]) => `  ${id}[${label(text)}]`);
  return block(["flowchart LR", ...named, ...edges], "mermaid");
}

const hourMs = 3_600_000;

/** The first Saturday to Sunday of the estate's years: what runs once a week mostly does so then. */
function night(plan: Plan): string {
  const newYear = new Date(Date.UTC(Math.min(...plan.estate.years), 0, 1));
  const saturdayMs = newYear.getTime() + ((6 - newYear.getUTCDay() + 7) % 7) * 24 * hourMs;
  const [fromMs, toMs] = [saturdayMs + 18 * hourMs, saturdayMs + 36 * hourMs];
  const clock = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const all = timelineOf(plan, fromMs, toMs);
  const often = oftenOf(all);
  const runs = all
    // What runs each hour or more often would hide the others.
    .filter(({ job }) => !often.has(job))
    .map(
      ({ job, startMs, usualEndMs }) =>
        `  ${word(job)} :${clock(startMs)}, ${clock(Math.max(usualEndMs, startMs + 60_000))}`,
    );
  return [
    `From ${clock(fromMs)} to ${clock(toMs)} UTC, without what runs each hour or more often.`,
    block(["gantt", "  dateFormat YYYY-MM-DD HH:mm", "  axisFormat %H:%M", ...runs], "mermaid"),
  ].join("\n\n");
}

/** Quoted as Mermaid's flowcharts take any text: by its entities. */
function label(text: string): string {
  return `"${visible(text).replaceAll(/[&"#<>]/g, char => `#${char.charCodeAt(0)};`)}"`;
}

/** A gantt's task ends at a colon, and a statement at a semicolon or a hash. */
function word(text: string): string {
  return visible(text).replaceAll(/[:;#]/g, " ");
}
