/** Replaces some fields of one entry of an example. An entry that isn't there changes nothing, and the example then shows nothing. */
export function edit<T extends object>(entry: T | undefined, fields: Partial<T>): void {
  if (entry) Object.assign(entry, fields);
}
