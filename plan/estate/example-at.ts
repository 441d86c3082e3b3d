import { exampleEstate } from "./example";

/** Text of a value that stands at a path in the sound example, or at one like it; nothing where it has none that fits a line. */
export function exampleAt(path: readonly PropertyKey[], input: unknown): string | undefined {
  let [like, given]: [unknown[], unknown] = [[exampleEstate()], input];
  for (const part of path) {
    like = like.flatMap(value => childrenLike(value, part));
    given = childOf(given, part);
    const kind = childOf(given, "kind");
    const ofKind = like.filter(value => childOf(value, "kind") === kind);
    if (kind !== undefined && ofKind.length > 0) like = ofKind;
  }
  const [text] = like.filter(value => value !== undefined).map(value => JSON.stringify(value));
  return text !== undefined && text.length <= 100 ? text : undefined;
}

/** What stands at a key, or where the key is an operator's own name for something, at each name of the example. */
function childrenLike(value: unknown, part: PropertyKey): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return [];
  if (part in value) return [childOf(value, part)];
  const children = Object.values(value);
  return children.length > 0 && children.every(child => typeof child === "object") ? children : [];
}

function childOf(value: unknown, part: PropertyKey): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[part]
    : undefined;
}
