/** A table of texts. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return tableOf(
    head,
    rows.map(row => row.map(escaped)),
  );
}

/** A table whose cells are HTML already. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const heads = head.map(text => `<th scope="col">${escaped(text)}</th>`).join("");
  const lines = rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join("")}</tr>`).join("\n");
  return `<table><thead><tr>${heads}</tr></thead>\n<tbody>${lines}</tbody></table>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as HTML shows it: nothing of it is read as HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, char => entities[char] ?? char);
}
