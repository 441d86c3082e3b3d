/** A table of texts. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], kind: string): string =>
    `<tr>${cells.map(cell => `<${kind}>${escaped(cell)}</${kind}>`).join("")}</tr>`;
  return `<table>${line(head, "th")}${rows.map(row => line(row, "td")).join("")}</table>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as HTML shows it: nothing of it is read as HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, char => entities[char] ?? char);
}
