/** Text that an estate takes as a name; undefined where nothing of it can be one. */
export function nameOf(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
  return name === "" ? undefined : name;
}
