import { pathText } from "../../plan/estate/faults";
import type { Estate } from "../../plan";
import type { Part } from "./part";

interface Edit {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What stands otherwise in the estate itself, so that nothing passes for unchanged that only has no effect on the plan. */
export function editPart(before: Estate, after: Estate): Part {
  const edits = [...editsOf(before, after, [])];
  return {
    ...{ key: "edits", title: "Edited in the estate", isWorse: false },
    head: ["field", "before", "after"],
    rows: edits.map(({ path, before: was, after: is }) => [path, text(was), text(is)]),
    json: edits.map(({ path, before: was, after: is }) => ({ path, before: was ?? null, after: is ?? null })),
  };
}

function* editsOf(before: unknown, after: unknown, path: readonly (string | number)[]): Generator<Edit> {
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* editsOf(before[key], after[key], [...path, key]);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const index of before.keys()) yield* editsOf(before[index], after[index], [...path, index]);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    yield* entriesOf(before, after, path);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    yield { path: pathText(path), before, after };
  }
}

/** Of lists of another length, the entries that only one of them has: each later one has moved. */
function* entriesOf(
  before: readonly unknown[],
  after: readonly unknown[],
  path: readonly (string | number)[],
): Generator<Edit> {
  for (const [index, entry] of onlyIn(before, after))
    yield { path: pathText([...path, index]), before: entry, after: undefined };
  for (const [index, entry] of onlyIn(after, before))
    yield { path: pathText([...path, index]), before: undefined, after: entry };
}

/** Entries that another list hasn't, or not as often. */
function onlyIn(list: readonly unknown[], others: readonly unknown[]): (readonly [number, unknown])[] {
  const left = new Map<string, number>();
  for (const other of others.map(entry => JSON.stringify(entry))) left.set(other, (left.get(other) ?? 0) + 1);
  return [...list.entries()].filter(([, entry]) => {
    const count = left.get(JSON.stringify(entry)) ?? 0;
    left.set(JSON.stringify(entry), count - 1);
    return count <= 0;
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const widest = 60;

function text(value: unknown): string {
  if (value === undefined) return "-";
  const json = typeof value === "string" ? value : JSON.stringify(value);
  return json.length > widest ? `${json.slice(0, widest)}…` : json;
}
