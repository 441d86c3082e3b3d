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
      return anchored(value)?.test(has) ?? true;
    case "!~":
      return !(anchored(value)?.test(has) ?? false);
  }
}

/**
 * Nothing for an expression that JavaScript can't read, or might take for ever over, as it tries one way after the other
 * where Prometheus' RE2 goes all at once: what it selects isn't known then.
 */
function anchored(pattern: string): RegExp | undefined {
  if (mayTakeForEver(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, "s");
  } catch {
    return undefined;
  }
}

const mostRepetitions = 4;

/** Whether a group that repeats, or that holds a choice, is itself repeated, or there are many repetitions in a row. */
function mayTakeForEver(pattern: string): boolean {
  // What is escaped or in a set repeats nothing.
  const bare = pattern.replace(/\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  const repetitions = bare.match(/[*+]|\{\d+(?:,\d*)?\}/g)?.length ?? 0;
  const isRepeatedGroup = /\)(?:[*+]|\{\d)/.test(bare);
  return repetitions > mostRepetitions || (isRepeatedGroup && (repetitions > 1 || bare.includes("|")));
}
