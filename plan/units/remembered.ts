/**
 * A reader of texts that reads each of them once: ten thousand volumes have a handful of sizes. A fault is found anew each time.
 * @param most texts that are kept; at one more all are forgotten
 */
export function remembered<Value>(read: (text: string) => Value, most = Infinity): (text: string) => Value {
  const known = new Map<string, Value>();
  return text => {
    const found = known.get(text) ?? read(text);
    if (known.size >= most) known.clear();
    known.set(text, found);
    return found;
  };
}
