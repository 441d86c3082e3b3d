import { anyValue } from "../../plan/contracts/metric";
import type { Labels, Series, SeriesIndex } from "../series";
import type { Selector } from "./syntax";

/** The series that a selector selects. */
export function selected(selector: Selector, index: SeriesIndex): Series[] {
  const candidates =
    selector.metric === undefined ? [...index.values()].flat() : (index.get(selector.metric) ?? []);
  return candidates.filter(({ labels }) => selector.matchers.every(matcher => matches(matcher, labels)));
}

/** Whether a series' labels satisfy a matcher, or may; a label that it doesn't have is the empty text. */
export function matches({ label, op, value }: Selector["matchers"][number], labels: Labels): boolean {
  const has = labels[label] ?? "";
  if (has === anyValue) return true;
  switch (op) {
    case "=":
      return has === value;
    case "!=":
      return has !== value;
    case "=~":
      return anchored(value)?.test(has) ?? true;
    case "!~":
      return !(anchored(value)?.test(has) ?? false);
  }
}

/** Nothing for an expression of Go's that JavaScript can't read: what it selects isn't known then. */
function anchored(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, "s");
  } catch {
    return undefined;
  }
}
