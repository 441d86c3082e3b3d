import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";

/** Who reads a table. */
export interface Look {
  /** Whether it may have colours. */
  readonly terminal: boolean;
  /** Characters in a line; absent where nothing is too long, as in a file. */
  readonly columns?: number | undefined;
}

/** A table without a rule between its rows. Where lines have an end, cells are broken into more lines, and no text is cut. */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { terminal, columns = Infinity }: Look,
): string {
  const all = [head, ...rows];
  const natural = head.map((_, column) => Math.max(...all.map(row => widthOf(row[column] ?? ""))));
  const frame = (padding: number): number => head.length * (2 * padding + 1) + 1;
  // Blanks between columns go first where there is hardly room for a word.
  const padding = sum(natural) + frame(1) <= columns || columns - frame(1) >= head.length * 10 ? 1 : 0;
  const widths = fitted(natural, columns - frame(padding));
  const broken = all.map(row => row.map((cell, column) => brokenAt(cell, widths[column] ?? Infinity)));
  const [first = [], ...others] = broken;
  const table = new Table({
    head: first,
    style: {
      ...(terminal ? {} : { head: [], border: [] }),
      ...{ compact: true, "padding-left": padding, "padding-right": padding },
    },
  });
  table.push(...others);
  return table.toString();
}

/** Widths of columns that have room together: narrow ones keep theirs, the others share the rest, and what is over goes to the first. */
function fitted(natural: readonly number[], room: number): readonly number[] {
  if (sum(natural) <= room) return natural;
  let most = Math.max(...natural);
  const capped = (): number[] => natural.map(width => Math.min(width, most));
  while (most > 1 && sum(capped()) > room) most--;
  let over = Math.max(0, room - sum(capped()));
  return natural.map(width => {
    const more = Math.min(over, Math.max(0, width - most));
    over -= more;
    return Math.min(width, most) + more;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function widthOf(cell: string): number {
  return Math.max(...cell.split("\n").map(lengthOf));
}

function lengthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** At blanks; a word that is longer than a line behind what joins its parts, or else anywhere. A coloured line stays whole. */
function brokenAt(cell: string, width: number): string {
  return cell
    .split("\n")
    .flatMap(line => (lengthOf(line) <= width || line.includes("\u001b") ? [line] : linesOf(line, width)))
    .join("\n");
}

function linesOf(text: string, width: number): string[] {
  const parts = text
    .split(/(?<= )/)
    .flatMap(word => (fits(word, width) ? [word] : word.split(/(?<=[/:,>_-])/)))
    .flatMap(part => (fits(part, width) ? [part] : slices(part, width)));
  const lines = [""];
  for (const part of parts) {
    const last = lines.length - 1;
    if (fits(`${lines[last]}${part}`, width)) lines[last] += part;
    else lines.push(part);
  }
  return lines.map(line => line.trimEnd()).filter(line => line !== "");
}

function fits(text: string, width: number): boolean {
  return lengthOf(text.trimEnd()) <= width;
}

function slices(text: string, width: number): string[] {
  const letters = [...text];
  return Array.from({ length: Math.ceil(letters.length / width) }, (_, index) =>
    letters.slice(index * width, (index + 1) * width).join(""),
  );
}
