/** Options of a table whose frame and head have no colours, for what isn't a terminal. */
export function plainTable(colours: boolean): { style?: { head: string[]; border: string[] } } {
  return colours ? {} : { style: { head: [], border: [] } };
}
