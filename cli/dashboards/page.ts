import { createHash } from "node:crypto";
import type { Board, BoardPanel } from "../../alerts/boards/board";
import { visible } from "../../plan/visible";
import { escaped, table, tableOf } from "../html";
import type { Answered } from "../answered";
import { timeTag } from "../report/moment";
import { scrolled } from "../report/parts";
import { pageStyle } from "../report/style";
import { chart, type Named } from "./chart";
import type { Labels, Line, Span } from "./prometheus";
import { valueText } from "./values";

/** How such a page begins: what doesn't was written by somebody else. */
export const boardMark =
  "<!doctype html>\n<!-- Written by holdfast dashboards; the next one takes its place. -->\n";

/** What a page is made of. */
export interface Shown {
  readonly board: Board;
  readonly zone: string;
  readonly span: Span;
  /** What an expression gives, over the span or at its end. */
  ask(expr: string, at: number | Span): Promise<Answered<{ lines: Line[] }>>;
}

const style = `${pageStyle}
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34em), 1fr)); gap: 1.2em; align-items: start; }
.panel { margin: 0; min-width: 0; border: 1px solid var(--line); padding: .6em .8em; } .panel.wide { grid-column: 1 / -1; } .panel h3 { margin: 0 0 .3em; }
.panel > svg { display: block; width: 100%; } .panel text { font-size: 11px; fill: var(--faint); } .empty { color: var(--faint); }
.line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; vector-effect: non-scaling-stroke; }
.c0 { color: #2a7fc9; } .c1 { color: #d9730d; } .c2 { color: #2e9e4f; } .c3 { color: #c8403a; } .c4 { color: #8a63c9; } .c5 { color: #9a6a4f; } .c6 { color: #c95a9e; } .c7 { color: #6f7682; }
.lines { list-style: none; margin: .3em 0 0; padding: 0; columns: 20em; font-size: .87em; } .lines li { display: flex; gap: .5em; align-items: baseline; break-inside: avoid; } .lines svg { flex: none; width: 1.6em; height: .55em; } .lines span { flex: 1; }
td.number { text-align: right; white-space: nowrap; }
`;

/** A dashboard as a page that needs nothing else, with what Prometheus has now. */
export async function boardPage(of: Shown): Promise<string> {
  const { board, zone, span } = of;
  const rows = await Promise.all(
    board.rows.map(async ({ title, panels }, index) => {
      const shown = await Promise.all(panels.map(panel => panelHtml(of, panel)));
      return `<section aria-labelledby="row${index}"><h2 id="row${index}">${escaped(title)}</h2>\n<div class="panels">\n${shown.join("\n")}\n</div></section>`;
    }),
  );
  const hash = createHash("sha256").update(style).digest("base64");
  return visible(`${boardMark}<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(board.title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escaped(board.title)}</h1>
<p>From ${timeTag(span.fromS * 1000, zone)} to ${timeTag(span.toS * 1000, zone)}, as Prometheus has it.</p></header>
<main>
${rows.join("\n")}
</main>
</body>
</html>
`);
}

async function panelHtml(of: Shown, panel: BoardPanel): Promise<string> {
  switch (panel.kind) {
    case "text":
      return framed(panel.title, markdownTable(panel.text), true);
    case "lines": {
      const answers = await Promise.all(
        panel.queries.map(async ({ expr, legend }) => ({ legend, got: await of.ask(expr, of.span) })),
      );
      const failed = answers.flatMap(({ got }) => ("cause" in got ? [got.cause] : []));
      const lines = answers.flatMap(({ legend, got }): Named[] =>
        "cause" in got
          ? []
          : got.lines.map(({ labels, points }) => ({ name: nameOf(legend, labels), points })),
      );
      return framed(panel.title, `${causes(failed)}${chart(lines, panel.unit, of.span, of.zone)}`, false);
    }
    case "table":
      return framed(panel.title, `<p>${escaped(panel.says)}</p>${await tableHtml(of, panel)}`, true);
    default:
      return panel satisfies never;
  }
}

function framed(title: string, html: string, isWide: boolean): string {
  return `<article class="panel${isWide ? " wide" : ""}"><h3>${escaped(title)}</h3>${html}</article>`;
}

function causes(failed: readonly string[]): string {
  return [...new Set(failed)].map(cause => `<p class="broken">${escaped(cause)}</p>`).join("");
}

/** A row for each set of labels that any of the columns gives. */
async function tableHtml(
  of: Shown,
  { title, columns }: Extract<BoardPanel, { kind: "table" }>,
): Promise<string> {
  const answers = await Promise.all(columns.map(({ expr }) => of.ask(expr, of.span.toS)));
  const rows = new Map<string, { readonly labels: Labels; readonly values: Map<number, number> }>();
  for (const [index, got] of answers.entries())
    for (const { labels, points } of "cause" in got ? [] : got.lines) {
      const key = JSON.stringify(Object.entries(labels).sort());
      const row = rows.get(key) ?? { labels, values: new Map<number, number>() };
      rows.set(key, row);
      for (const [, value] of points) row.values.set(index, value);
    }
  const names = [...new Set([...rows.values()].flatMap(({ labels }) => Object.keys(labels)))];
  const lines = [...rows.values()].map(({ labels, values }) => [
    ...names.map(name => escaped(labels[name] ?? "")),
    ...columns.map(({ unit, badFrom }, index) => {
      const value = values.get(index);
      if (value === undefined) return "";
      const text = escaped(valueText(value, unit));
      return badFrom === undefined
        ? text
        : `<span class="mark ${value >= badFrom ? "broken" : "kept"}">${value >= badFrom ? "✗" : "✓"} ${text}</span>`;
    }),
  ]);
  const failed = causes(answers.flatMap(got => ("cause" in got ? [got.cause] : [])));
  return `${failed}${lines.length === 0 ? `<p class="empty">Nothing is told of it.</p>` : scrolled(title, tableOf([...names, ...columns.map(({ name }) => name)], lines))}`;
}

/** The one thing that boards say in Markdown: a table of theirs. */
function markdownTable(text: string): string {
  const [head = [], , ...rows] = text.split("\n").map(line =>
    line
      .slice(2, -2)
      .split(" | ")
      .map(cell => cell.replaceAll("`", "")),
  );
  return scrolled("As planned", table(head, rows));
}

/** A line's name, as Grafana makes it of the legend. */
function nameOf(legend: string, labels: Labels): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "").trim();
}
