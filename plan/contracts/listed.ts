/** The first few of a list and how many more there are: "a, b, c and 7 more". */
export function listed(items: readonly string[], most = 3): string {
  const rest = items.length - most;
  return rest > 1 ? `${items.slice(0, most).join(", ")} and ${rest} more` : items.join(", ");
}
