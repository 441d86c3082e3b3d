import { visible } from "../../plan/visible";

/** A text of an estate, as Markdown shows it and nothing else: no link, no HTML, no cell's end. */
export function plain(text: string): string {
  // As few as possible: a page is read as it is, too, and what stands in it is typed.
  return visible(text).replaceAll(/[\\`*[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)/g, "\\$&");
}

/** A name or a path, as it is typed. */
export function code(text: string): string {
  const shown = visible(text);
  const fence = "`".repeat(1 + longestRun(shown));
  const pad = shown.startsWith("`") || shown.endsWith("`") ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Lines to be pasted. */
export function block(lines: readonly string[], language = "sh"): string {
  const shown = lines.map(visible);
  const fence = "`".repeat(Math.max(3, 1 + Math.max(0, ...shown.map(longestRun))));
  return [`${fence}${language}`, ...shown, fence].join("\n");
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // A cell ends at a bar, also within code.
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
