import type { Part } from "./part";

/** Which estates are compared, as people call them. */
export interface Compared {
  readonly old: string;
  readonly new: string;
  readonly parts: readonly Part[];
}

const most = 40;

export function asText({ old, new: current, parts }: Compared): string {
  if (parts.length === 0) return `${old} → ${current}: nothing changed.`;
  return [
    `${old} → ${current}`,
    ...parts.map(partText),
    `${endText(parts)} Nothing was changed anywhere.`,
  ].join("\n\n");
}

/** As GitHub and GitLab show it. */
export function asMarkdown({ old, new: current, parts }: Compared): string {
  const title = `## Holdfast: ${escaped(old)} → ${escaped(current)}`;
  if (parts.length === 0) return `${title}\n\nNothing changed.`;
  return [title, `**${endText(parts)}**`, ...parts.map(partMarkdown)].join("\n\n");
}

function endText(parts: readonly Part[]): string {
  const worse = parts.filter(({ isWorse }) => isWorse).map(({ title }) => title);
  if (worse.length > 0) return `Something is worse that was promised: see ${worse.join(", ")}.`;
  return "Nothing is worse that was promised.";
}

function partText(part: Part): string {
  const rows = part.rows.slice(0, most).map(cells => cells.map(inLine));
  const widths = part.head.map((_, column) =>
    Math.max(...[part.head, ...rows].map(row => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => (column < cells.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join("  ")}`.trimEnd();
  return [part.title, line(part.head), ...rows.map(line), ...more(part).map(text => `  ${text}`)].join("\n");
}

function partMarkdown(part: Part): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  return [
    `### ${part.title}\n`,
    line(part.head),
    `|${part.head.map(() => " --- |").join("")}`,
    ...part.rows.slice(0, most).map(line),
    ...more(part).map(text => `\n${text}`),
  ].join("\n");
}

function more({ rows, key }: Part): string[] {
  return rows.length > most ? [`and ${rows.length - most} more: --format json has them, in "${key}"`] : [];
}

/** No text of an estate makes a line of its own, which would be read as one of ours. */
function inLine(text: string): string {
  return text.replace(/[\n\t]+/g, " ");
}

/** Nothing of an estate becomes a part of the page: neither a cell's end, nor markup, nor a line, nor what calls somebody. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_~[\]<>|#&]/g, "\\$&")
    .replaceAll("@", "@&#8203;");
}
