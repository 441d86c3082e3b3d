import { visible } from "../plan/visible";

// As picocolors and cli-table3 write them: bold, red, yellow, grey, and back.
const ownColours = /(\u001b\[(?:0|1|22|31|33|39|90)m)/;

/** What goes to a terminal: nothing of an estate, of a file's name or of a host's answer acts on it but our own colours. */
export function printable(text: string, colours: boolean): string {
  if (!colours) return visible(text);
  return text
    .split(ownColours)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join("");
}
