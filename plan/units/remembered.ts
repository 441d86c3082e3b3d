/** A reader of texts that reads each of them once: ten thousand volumes have a handful of sizes. A fault is found anew each time. */
export function remembered<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return text => {
    const found = known.get(text) ?? read(text);
    known.set(text, found);
    return found;
  };
}
