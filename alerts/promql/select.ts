import { readExpression } from "../../plan/contracts/expression";
import { anyValue } from "../../plan/contracts/metric";
import type { Labels, Series, SeriesIndex } from "../series";
import type { Selector } from "./syntax";

const known = new WeakMap<SeriesIndex, WeakMap<Selector, readonly Series[]>>();

/** The series that a selector selects; known once for each, as a course of events asks at each of its instants. */
export function selected(selector: Selector, index: SeriesIndex): readonly Series[] {
  const bySelector = known.get(index) ?? new WeakMap<Selector, readonly Series[]>();
  known.set(index, bySelector);
  const found = bySelector.get(selector) ?? select(selector, index);
  bySelector.set(selector, found);
  return found;
}

function select(selector: Selector, index: SeriesIndex): Series[] {
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
      return readExpression(value, "s")?.test(has) ?? true;
    case "!~":
      return !(readExpression(value, "s")?.test(has) ?? false);
  }
}
